"""CORS: an answer without an allowed origin would let Function Compute reflect any origin, with credentials."""

from __future__ import annotations

import pytest
from httpx import Client

from functions.settings import AuthSettings, Settings
from tests.api.conftest import Opener
from tests.support.http_stub_service import StubTasks

PAGE = "https://www.example.com"
EVIL = "https://evil.example"
LISTED = Settings(cors_origins=(PAGE,))
CLOSED = Settings(cors_origins=(PAGE,), auth=AuthSettings(mode="jwt"))
EXPOSED = "ETag, Retry-After, X-Request-Id, Location, Server-Timing"


def own(client: Client) -> str:
    return f"http://127.0.0.1:{client.base_url.port}"


@pytest.mark.parametrize("path", ["/v1/tasks?taskId=1", "/v1/tasks?taskId=x", "/nothing", "/healthz", "/openapi.json"])
def test_a_listed_origin_is_allowed_on_every_answer_and_no_other(opened: Opener, path: str) -> None:
    server = opened(LISTED)
    for origin, allowed in ((PAGE, PAGE), (EVIL, own(server)), ("null", own(server)), ("", own(server))):
        headers = server.get(path, headers={"Origin": origin} if origin else {}).headers
        assert headers.get_list("access-control-allow-origin") == [allowed]
        assert headers["access-control-expose-headers"] == EXPOSED
        assert "access-control-allow-credentials" not in headers


def test_an_answer_to_the_unforeseen_names_an_origin_too(opened: Opener, tasks: StubTasks) -> None:
    tasks.fault = RuntimeError()
    response = opened(LISTED).get("/v1/tasks?taskId=1", headers={"Origin": PAGE})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (500, PAGE)


def test_a_listed_origin_may_send_the_headers_of_its_monitoring(opened: Opener) -> None:
    """Case F6."""
    server = opened(CLOSED)

    def allowed(origin: str, names: str) -> set[str]:
        asked = {"Origin": origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": names}
        return set(
            server.options("/v1/tasks", headers=asked).headers["access-control-allow-headers"].lower().split(", ")
        )

    assert {"authorization", "sentry-trace", "baggage"} <= allowed(PAGE, "authorization, baggage, sentry-trace")
    assert "baggage" not in allowed(EVIL, "authorization, baggage")
    assert "x" not in allowed(PAGE, "x: y" + "z" * 20)


@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/tasks/query", "/nothing", "/invoke"])
@pytest.mark.parametrize("origin", [PAGE, EVIL])
def test_a_preflight_is_answered_before_anybody_is_asked_for_a_token(opened: Opener, path: str, origin: str) -> None:
    server = opened(CLOSED)
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    response = server.options(path, headers=asked)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == (PAGE if origin == PAGE else own(server))
    assert response.headers["access-control-max-age"] == "7200"
    assert set(response.headers["access-control-allow-methods"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    allowed = response.headers["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "content-type", "if-none-match", "accept"} <= set(allowed)


def test_refusals_name_an_origin_too(opened: Opener) -> None:
    response = opened(CLOSED).get("/v1/tasks?taskId=1", headers={"Origin": PAGE})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (503, PAGE)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Host": "api.example.com", "X-Forwarded-Proto": "https"}, "https://api.example.com"),
        ({"Host": "API.example.com:443", "X-Forwarded-Proto": "https, http"}, "https://api.example.com"),
        ({"Host": "api.example.com:8443", "X-Forwarded-Proto": "https"}, "https://api.example.com:8443"),
        ({"Host": "api.example.com:80"}, "http://api.example.com"),
        ({"Host": "api.example.com", "X-Forwarded-Proto": "javascript"}, "http://api.example.com"),
        ({"Host": "[::1]:9000"}, "http://[::1]:9000"),
        ({"Host": "*"}, "http://localhost"),
        ({"Host": "a b"}, "http://localhost"),
        ({"Host": ""}, "http://localhost"),
    ],
)
def test_the_own_origin_is_what_callers_see(server: Client, headers: dict[str, str], expected: str) -> None:
    assert server.get("/healthz", headers=headers).headers["access-control-allow-origin"] == expected


def test_on_function_compute_callers_come_by_https(opened: Opener) -> None:
    server = opened(Settings(on_function_compute=True))
    response = server.get("/healthz", headers={"Host": "abc.cn-hangzhou.fcapp.run"})
    assert response.headers["access-control-allow-origin"] == "https://abc.cn-hangzhou.fcapp.run"
