"""`POST /v1/checks`: what may be checked, by whom, and how often."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from emulator.testing import Emulator, running_emulator
from functions.checks.report import CheckReport, Finding, Observation
from functions.settings import AuthSettings, Settings
from functions.tasks.query import Scope
from tests.api.conftest import Opener
from tests.support.http_stub_service import problem
from tests.support.token_clock import NEVER
from tests.support.web_function import web_over

PATH = "/v1/checks"
HOSTS = ("img.example.com", "xn--bcher-kva.example")
URL = "https://img.example.com/a.css"
SECRET = "a-secret-of-at-least-32-bytes-to-sign-with"
GUARDED = Settings(auth=AuthSettings(mode="jwt", jwt_secret=SECRET))


class StubChecker:
    """Finds everything fresh, and keeps what it was asked."""

    hosts = HOSTS

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def check(self, url: str, scope: Scope) -> CheckReport:
        self.asked.append(url)
        seen = Observation(status=200, etag='"1"')
        return CheckReport(
            url=url,
            fresh=True,
            finding=Finding.FRESH,
            edge=seen,
            origin=seen,
            differs=(),
            task=None,
            problems=(),
            checked_at="2026-11-22T03:33:10.120Z",
        )


@pytest.fixture
def checker() -> StubChecker:
    return StubChecker()


def token(**claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {jwt.encode({'exp': NEVER, **claims}, SECRET, 'HS256')}"}


def test_the_report_is_answered_as_the_contract_has_it(opened: Opener, checker: StubChecker) -> None:
    answer = opened(checker=checker).post(PATH, json={"url": URL})
    assert answer.json()["finding"] == "fresh"
    assert answer.json()["edge"] == {"status": 200, "etag": '"1"'}


def test_it_is_off_unless_hosts_are_named(opened: Opener) -> None:
    refused = problem(opened().post(PATH, json={"url": URL}), 403, "checks-off")
    assert "TASK_STATUS_CHECKS" in refused["detail"]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("https://IMG.example.com./a/../b?x=%7e#part", "https://img.example.com/b?x=~"),
        ("https://img.example.com:443/a", "https://img.example.com/a"),
        ("http://img.example.com", "http://img.example.com/"),
        ("https://img.example.com\\@127.0.0.1/", "https://img.example.com/@127.0.0.1/"),
        ("https://bücher.example/ä b", "https://xn--bcher-kva.example/%C3%A4%20b"),
    ],
)
def test_a_url_is_checked_as_clients_send_it(opened: Opener, checker: StubChecker, written: str, asked: str) -> None:
    assert opened(checker=checker).post(PATH, json={"url": written}).status_code == 200
    assert checker.asked == [asked]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": None},
        {"url": 1},
        {"url": [URL]},
        {"url": ""},
        {"url": "img.example.com/a"},
        {"url": "http://2130706433/"},
        {"url": "ftp://img.example.com/a"},
        {"url": "file:///etc/passwd"},
        {"url": "https://user:password@img.example.com/"},
        {"url": "https://img.example.com@127.0.0.1/"},
        {"url": "https://img.example.com:8443/"},
        {"url": "http://img.example.com:443/"},
        {"url": "https://img.example.com/\r\nHost: 127.0.0.1"},
        {"url": "https://img.example.com/" + "a" * 5_000},
        {"url": URL, "origin": "http://127.0.0.1/"},
    ],
)
def test_what_is_no_plain_url_is_refused(opened: Opener, checker: StubChecker, body: dict[str, Any]) -> None:
    problem(opened(checker=checker).post(PATH, json=body), 400, "invalid-request")
    assert checker.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.100.100.200/latest/meta-data/",
        "http://img.example.com.evil.example/",
        "http://evil-img.example.com/",
        "http://sub.img.example.com/",
        "http://xn--bcher-kva.example.org/",
    ],
)
def test_a_host_that_settings_do_not_name_is_refused(opened: Opener, checker: StubChecker, url: str) -> None:
    problem(opened(checker=checker).post(PATH, json={"url": url}), 422, "host-not-checked")
    assert checker.asked == []


def test_a_body_that_is_not_json_is_refused_as_everywhere(opened: Opener, checker: StubChecker) -> None:
    server = opened(checker=checker)
    problem(server.post(PATH, content=b"url=x"), 415, "unsupported-media-type")
    problem(server.post(PATH, json=[]), 400, "invalid-json")
    problem(server.post(PATH, json={"url": URL}, headers={"Accept": "text/html"}), 406, "not-acceptable")
    problem(server.get(PATH), 405, "method-not-allowed")


def test_a_token_must_name_the_action_and_the_host(opened: Opener, checker: StubChecker) -> None:
    server = opened(GUARDED, checker=checker)

    def status(**claims: Any) -> int:
        return server.post(PATH, json={"url": URL}, headers=token(**claims)).status_code

    assert status() == status(actions=["check"], domains=["*.example.com"]) == 200
    problem(server.post(PATH, json={"url": URL}), 401, "missing-token")
    narrow: list[dict[str, list[str]]] = [
        {"actions": ["refresh"]},
        {"actions": []},
        {"domains": ["a.com"]},
        {"domains": []},
    ]
    for claims in narrow:
        problem(server.post(PATH, json={"url": URL}, headers=token(**claims)), 403, "forbidden")
    # Whether a host that the token does not name is configured is nobody's business.
    elsewhere = {"url": "https://other.example/"}
    problem(server.post(PATH, json=elsewhere, headers=token(domains=["img.example.com"])), 403, "forbidden")


def test_capabilities_tell_which_hosts_the_caller_may_check(opened: Opener, checker: StubChecker) -> None:
    server = opened(GUARDED, checker=checker)

    def hosts(**claims: Any) -> list[str]:
        found: list[str] = server.get("/v1/capabilities", headers=token(**claims)).json()["checks"]
        return found

    assert hosts() == list(HOSTS)
    assert hosts(domains=["*.example.com"]) == ["img.example.com"]
    assert hosts(actions=["refresh"]) == []


@pytest.fixture
def emu() -> Any:
    with running_emulator(samples=False) as emulator:
        yield emulator


def test_a_caller_may_check_so_often_a_minute(emu: Emulator) -> None:
    sites = f"img.example.com={emu.url}"
    with web_over(emu, checks=sites, edge_endpoint=emu.url, jwt_secret=SECRET, caller_checks_per_minute=2) as web:
        sent = [web.client.post(PATH, json={"url": URL}, headers=token(sub="me")) for _ in range(3)]
        assert [answer.status_code for answer in sent] == [200, 200, 429]
        assert int(sent[-1].headers["Retry-After"]) > 0
        assert web.client.post(PATH, json={"url": URL}, headers=token(sub="you")).status_code == 200
