"""The file that names other accounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions.errors import SettingsError
from functions.settings import Settings, read_settings
from functions.upstream.endpoint import Endpoint

ROLE = "acs:ram::1234567890123456:role/task-status"
SHIPPED = Path(__file__).parent.parent.parent / "deploy" / "accounts.toml"


def read(path: Path, text: str, **variables: str) -> Settings:
    path /= "accounts.toml"
    path.write_text(text, "utf-8")
    return read_settings({"TASK_STATUS_ACCOUNTS": str(path), **{f"TASK_STATUS_{k}": v for k, v in variables.items()}})


def test_an_account_has_the_products_that_are_on_unless_it_names_its_own(tmp_path: Path) -> None:
    text = f"""
        [[account]]
        name = "acme"
        role = "{ROLE}"
        [[account]]
        name = "globex-2"
        role = "{ROLE}"
        products = ["vod", "cdn"]
        external_id = "shared:with.us"
    """
    settings = read(tmp_path, text, PRODUCTS="cdn,dcdn")
    assert settings.product_names == (
        "cdn",
        "dcdn",
        "acme/cdn",
        "acme/dcdn",
        "globex-2/cdn",
        "globex-2/vod",
    )
    assert [each.external_id for each in settings.accounts] == [None, "shared:with.us"]


def test_an_account_is_called_where_the_own_one_is_unless_it_says_otherwise(tmp_path: Path) -> None:
    text = f'account = [{{ name = "acme", role = "{ROLE}", endpoints = {{ vod = "http://127.0.0.1:9" }} }}]'
    settings = read(tmp_path, text, CDN_ENDPOINT="http://127.0.0.1:8")
    assert settings.endpoint_of("acme/vod") == Endpoint("127.0.0.1:9", "HTTP")
    assert settings.endpoint_of("acme/cdn") == Endpoint("127.0.0.1:8", "HTTP")
    assert settings.endpoint_of("vod") is None


def test_without_a_file_there_are_no_other_accounts() -> None:
    assert read_settings({}).product_names == ("cdn", "dcdn", "vod")


def test_the_file_that_is_shipped_can_be_read() -> None:
    settings = read_settings({"TASK_STATUS_ACCOUNTS": str(SHIPPED)})
    assert [each.name for each in settings.accounts] == ["acme"]


@pytest.mark.parametrize(
    "text",
    [
        "account = 1",
        "rule = []",
        "[[account]\n",
        'account = [{ name = "acme" }]',
        f'account = [{{ name = "own", role = "{ROLE}" }}]',
        f'account = [{{ name = "Acme", role = "{ROLE}" }}]',
        f'account = [{{ name = "a/b", role = "{ROLE}" }}]',
        'account = [{ name = "acme", role = "task-status" }]',
        f'account = [{{ name = "acme", role = "{ROLE}", products = ["live"] }}]',
        f'account = [{{ name = "acme", role = "{ROLE}", endpoints = {{ cdn = "ftp://x" }} }}]',
        f'account = [{{ name = "acme", role = "{ROLE}", external_id = "a b" }}]',
        f'account = [{{ name = "acme", role = "{ROLE}", region = "x" }}]',
        f'account = [{{ name = "acme", role = "{ROLE}" }}, {{ name = "acme", role = "{ROLE}" }}]',
    ],
)
def test_a_bad_file_stops_the_start_with_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith("TASK_STATUS_ACCOUNTS=")
    assert "Example" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="No such file"):
        read_settings({"TASK_STATUS_ACCOUNTS": "/no/such/accounts.toml"})
