"""The environment is checked at the start: one line with variable, fault and example, and no secret in it."""

from __future__ import annotations

import base64

import pytest

from functions.errors import SettingsError
from functions.products.cdn import CDN
from functions.products.dcdn import DCDN
from functions.products.esa.spec import ESA
from functions.products.registry import SPECS
from functions.products.vod import VOD
from functions.settings import Settings, read_settings
from functions.upstream.endpoint import Endpoint
from functions.upstream.operation import Operation


def read(**variables: str) -> Settings:
    return read_settings({f"TASK_STATUS_{name}": value for name, value in variables.items()})


def test_with_nothing_set_the_service_is_usable() -> None:
    settings = read_settings({})
    assert settings.products == ("cdn", "dcdn", "vod")
    assert settings.auth.mode == "none"
    assert not settings.submit
    assert not settings.on_function_compute


@pytest.mark.parametrize("name", ["FC_FUNCTION_NAME", "FC_INSTANCE_ID", "FC_ACCOUNT_ID"])
def test_on_function_compute_it_is_closed_by_default(name: str) -> None:
    settings = read_settings({name: "x"})
    assert settings.on_function_compute
    assert settings.auth.mode == "jwt"


def test_products_keep_their_order_whatever_order_they_are_named_in() -> None:
    assert read(PRODUCTS="vod, cdn").products == ("cdn", "vod")


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("cdn.ap-southeast-1.aliyuncs.com", Endpoint("cdn.ap-southeast-1.aliyuncs.com", "HTTPS")),
        ("http://127.0.0.1:9100", Endpoint("127.0.0.1:9100", "HTTP")),
        ("https://proxy.example.com:8443/", Endpoint("proxy.example.com:8443", "HTTPS")),
        ("http://[::1]:9100", Endpoint("[::1]:9100", "HTTP")),
    ],
)
def test_an_endpoint_is_a_host_or_a_url(text: str, endpoint: Endpoint) -> None:
    assert read(CDN_ENDPOINT=text).endpoints["cdn"] == endpoint


def test_the_rate_of_an_instance_is_limit_times_share_by_instances() -> None:
    settings = read(CDN_BY_ID_QPS="20", QUOTA_SHARE="0.6", INSTANCES="3")
    assert settings.rate_of(CDN.lookup.operation) == pytest.approx(4.0)
    assert read().rate_of(VOD.listing.operation) == pytest.approx(VOD.listing.operation.qps * 0.8)


@pytest.mark.parametrize(
    ("setting", "operation"),
    [
        ("CDN_BY_ID", CDN.lookup.operation),
        ("CDN_LIST", CDN.listing.operation),
        ("DCDN_BY_ID", DCDN.lookup.operation),
        ("DCDN_LIST", DCDN.listing.operation),
        ("VOD", VOD.listing.operation),
        ("ESA", ESA.listing.operation),
    ],
)
def test_each_rate_that_can_be_set_is_that_of_its_operation_alone(setting: str, operation: Operation) -> None:
    given, default = read(**{f"{setting}_QPS": "7", "QUOTA_SHARE": "1"}), read(QUOTA_SHARE="1")
    assert given.rate_of(operation) == 7
    changed = {
        each for spec in SPECS.values() for each in spec.operations if given.rate_of(each) != default.rate_of(each)
    }
    assert {each.rate_setting for each in changed} == {setting}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRODUCTS", "cdn,live"),
        ("PRODUCTS", ","),
        ("CDN_ENDPOINT", "http://127.0.0.1:9100/path"),
        ("CDN_ENDPOINT", "ftp://x"),
        ("QUOTA_SHARE", "1.5"),
        ("QUOTA_SHARE", "nan"),
        ("INSTANCES", "2.5"),
        ("INSTANCES", "0"),
        ("FRESH_SECONDS", "-1"),
        ("DEADLINE_SECONDS", "soon"),
        ("TIMEOUT_SECONDS", "5"),
        ("DOORS", "window"),
        ("AUTH", "basic"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "http://a.example.com"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://a.example.com/path"),
        ("SUBMIT", "yes"),
        ("KEEP_QUOTA", "20"),
        ("STORE", "s3://bucket/x"),
        ("WEBHOOK_URL", "mailto:me"),
        ("LOG_LEVEL", "chatty"),
    ],
)
def test_a_bad_value_is_one_line_that_names_variable_fault_and_example(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**{name: value})
    text = str(caught.value)
    assert text.startswith(f"TASK_STATUS_{name}: ")
    assert f"Example: TASK_STATUS_{name}=" in text
    assert "\n" not in text


def test_a_secret_that_is_too_short_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        read(JWT_SECRET="hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("secret", ["", "whsec_"])
def test_a_webhook_secret_is_base64_of_24_bytes_with_or_without_its_prefix(secret: str) -> None:  # case A7
    encoded = base64.b64encode(b"k" * 24).decode()
    assert read(WEBHOOK_SECRET=secret + encoded).webhook_secret == b"k" * 24
    short = base64.b64encode(b"k" * 23).decode()
    for refused in (short, "k", "not base64 at all!", "plain-text-of-more-than-24-bytes"):
        with pytest.raises(SettingsError, match="TASK_STATUS_WEBHOOK_SECRET") as caught:
            read(WEBHOOK_SECRET=secret + refused)
        assert refused not in str(caught.value).replace("Example", "")


@pytest.mark.parametrize("configured", [{"JWT_SECRET": "s" * 32}, {"JWKS": "https://id.example.com/jwks.json"}])
def test_what_tokens_are_verified_with_asks_for_tokens_everywhere(configured: dict[str, str]) -> None:  # case A5
    assert read(**configured).auth.mode == "jwt"
    assert read(**configured, AUTH="jwt").auth.mode == "jwt"
    with pytest.raises(SettingsError, match="contradicts"):
        read(**configured, AUTH="none")


def test_a_built_in_runtime_is_closed_however_little_its_environment_tells() -> None:  # case A5
    assert read_settings({}, on_function_compute=True).auth.mode == "jwt"


def test_no_secret_stands_in_the_settings_text() -> None:
    settings = read(JWT_SECRET="s" * 40, WEBHOOK_SECRET="whsec_" + base64.b64encode(b"hidden" * 4).decode())
    assert "s" * 40 not in repr(settings)
    assert "hidden" not in repr(settings)
