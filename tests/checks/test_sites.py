"""Which hosts may be checked, and where their edges and origins are, stands in the settings."""

from __future__ import annotations

import pytest

from functions.checks.site import Site, sites_of
from functions.errors import SettingsError
from functions.settings import read_settings


def site(entry: str, **more: str) -> Site:
    (found,) = sites_of(read_settings({"TASK_STATUS_CHECKS": entry, **more})).values()
    return found


def test_an_origin_is_asked_as_the_vendor_asks_it_by_default() -> None:
    oss = site("img.example.com=https://pics.oss-cn-hangzhou.aliyuncs.com").origin
    assert (oss.host, oss.port, oss.tls) == ("pics.oss-cn-hangzhou.aliyuncs.com", 443, True)
    assert oss.host_header == oss.server_name == "pics.oss-cn-hangzhou.aliyuncs.com"
    named = site("img.example.com=http://origin.example.net:8080").origin
    assert (named.host, named.port, named.tls, named.host_header) == (
        "origin.example.net",
        8080,
        False,
        "img.example.com",
    )
    address = site("img.example.com=https://8.8.8.8").origin
    assert address.host_header == address.server_name == "img.example.com"


def test_a_name_behind_the_origin_is_what_it_is_asked_by() -> None:
    origin = site("img.example.com=https://origin.example.net=www.example.net").origin
    assert (origin.host_header, origin.server_name) == ("www.example.net", "origin.example.net")


def test_hosts_are_found_in_any_spelling() -> None:
    assert site("IMG.Example.com.=https://8.8.8.8").host == "img.example.com"
    assert site("bücher.example=https://8.8.8.8").host == "xn--bcher-kva.example"


def test_the_edge_is_where_dns_says_unless_settings_do() -> None:
    edge = site("img.example.com=https://8.8.8.8").edge("https")
    assert (edge.host, edge.port, edge.tls, edge.server_name) == ("img.example.com", 443, True, "img.example.com")
    assert not site("img.example.com=https://8.8.8.8").edge("http").tls
    there = site("img.example.com=https://8.8.8.8", TASK_STATUS_EDGE_ENDPOINT="http://127.0.0.1:9100").edge("https")
    assert (there.host, there.port, there.tls, there.host_header) == ("127.0.0.1", 9100, False, "img.example.com")


@pytest.mark.parametrize(
    "entry",
    [
        "img.example.com",
        "img.example.com=",
        "=https://8.8.8.8",
        "img.example.com:8080=https://8.8.8.8",
        "https://img.example.com=https://8.8.8.8",
        "*.example.com=https://8.8.8.8",
        "10.0.0.1=https://8.8.8.8",
        "img.example.com=https://8.8.8.8/path",
        "img.example.com=https://10.0.0.1",
        "img.example.com=http://100.100.100.200",
        "img.example.com=https://[fd00::1]",
        "img.example.com=ftp://8.8.8.8",
        "img.example.com=https://user@8.8.8.8",
        "img.example.com=https://8.8.8.8:99999",
        "img.example.com=https://8.8.8.8=a\tb",
    ],
)
def test_an_entry_that_cannot_be_used_stops_the_start_with_one_line(entry: str) -> None:
    with pytest.raises(SettingsError, match=r"TASK_STATUS_CHECKS: .*Example: TASK_STATUS_CHECKS=") as caught:
        site(entry)
    assert "\n" not in str(caught.value)


def test_an_edge_inside_a_private_network_is_refused() -> None:
    with pytest.raises(SettingsError, match="not a public address"):
        site("img.example.com=https://8.8.8.8", TASK_STATUS_EDGE_ENDPOINT="http://192.168.0.1")
