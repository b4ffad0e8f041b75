"""Who may ask, and what their tokens let them see."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import msgspec
import pytest
from starlette.datastructures import Headers

from functions.api.auth import mint
from functions.api.auth.bearer import LEEWAY_SECONDS, AllowAll, DenyAll, authenticator_for
from functions.api.auth.claims import scope_from
from functions.api.problems import RequestRefused
from functions.settings import AuthSettings, Settings
from functions.tasks.query import ANONYMOUS_SCOPE, Scope
from tests.api.conftest import Opener
from tests.support.http_stub_service import FiguredTasks, StubTasks, problem, serving
from tests.support.token_clock import NEVER, NOW, hold_token_clock

SECRET = "a-secret-of-at-least-32-bytes-to-sign-with"
OTHER = "another-secret-of-32-bytes-or-more-to-sign-with"
GUARDED = AuthSettings(mode="jwt", jwt_secret=SECRET, audience="cdn-task-status", issuer="https://id.example.com/")
ASKED = "/v1/tasks?taskId=1"
GOOD: dict[str, Any] = {"exp": NEVER, "aud": "cdn-task-status", "iss": "https://id.example.com/", "sub": "me"}


def signed(key: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    merged = {name: value for name, value in {**GOOD, **claims}.items() if value != "absent"}
    return jwt.encode(merged, key, algorithm)


def unsigned(**header: Any) -> str:
    def part(content: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    return f"{part({'typ': 'JWT', **header})}.{part(GOOD)}."


def tampered() -> str:
    header, _, signature = signed(products=["cdn"]).split(".")
    return f"{header}.{signed(key=OTHER).split('.')[1]}.{signature}"


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[httpx.Client, StubTasks]]:
    tasks = FiguredTasks()
    with serving(Settings(auth=GUARDED), tasks) as client:
        yield client, tasks


BAD_TOKENS = {
    "tampered": (tampered(), "token-signature"),
    "signed with another secret": (signed(key=OTHER), "token-signature"),
    "unsigned": (unsigned(alg="none"), "token-algorithm"),
    "another algorithm": (signed(algorithm="HS512", key=SECRET * 2), "token-algorithm"),
    "an algorithm nobody knows": (unsigned(alg="XS1"), "token-algorithm"),
    "no algorithm": (unsigned(), "token-algorithm"),
    "expired": (signed(exp=1), "token-expired"),
    "never expires": (signed(exp="absent"), "token-without-expiry"),
    "odd expiry": (signed(exp="soon"), "token-malformed"),
    "not valid yet": (signed(nbf=NEVER), "token-not-yet-valid"),
    "issued in the future": (signed(iat=NEVER), "token-not-yet-valid"),
    "for somebody else": (signed(aud="another-service"), "token-audience"),
    "for nobody": (signed(aud="absent"), "token-audience"),
    "from somebody else": (signed(iss="https://evil.example/"), "token-issuer"),
    "from nobody": (signed(iss="absent"), "token-issuer"),
    "odd subject": (signed(sub=5), "token-claims"),
    "odd products": (signed(products="cdn"), "token-claims"),
    "null products": (signed(products=None), "token-claims"),
    "odd domains": (signed(domains=["example.com", 5]), "token-claims"),
    "a domain that is a pattern": (signed(domains=["*"]), "token-claims"),
    "odd actions": (signed(actions={"refresh": True}), "token-claims"),
    "no token at all": ("nonsense", "token-malformed"),
    "nested too deep": (base64.urlsafe_b64encode(b"[" * 3_000).decode() + ".e.e", "token-malformed"),
    "too long": ("a." * 4_200, "token-malformed"),
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_a_bad_token_is_refused_with_one_reason(guarded: tuple[httpx.Client, StubTasks], name: str) -> None:
    server, tasks = guarded
    token, reason = BAD_TOKENS[name]
    response = server.get(ASKED, headers={"Authorization": f"Bearer {token}"})
    problem(response, 401, reason)
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert token not in response.text
    assert tasks.questions == []


@pytest.mark.parametrize("header", [None, "", "Basic dXNlcjpwYXNz", "Bearer", "Token abc"])
def test_without_a_token_the_scheme_is_told(guarded: tuple[httpx.Client, StubTasks], header: str | None) -> None:
    response = guarded[0].get(ASKED, headers={} if header is None else {"Authorization": header})
    problem(response, 401, "missing-token")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/tasks"),
        ("HEAD", "/v1/tasks?taskId=1"),
        ("GET", "/v1/tasks?taskId=x"),
        ("POST", "/v1/tasks/query"),
        ("POST", "/v1/tasks"),
        ("DELETE", "/v1/tasks"),
        ("GET", "/v1/quota"),
        ("GET", "/v1/nothing"),
        ("GET", "/healthz?verbose=1"),
        ("GET", "/v1/tasks?taskId=1&token=" + signed()),
    ],
)
def test_no_route_with_data_opens_without_a_token(
    guarded: tuple[httpx.Client, StubTasks], method: str, path: str
) -> None:
    assert guarded[0].request(method, path).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/openapi.json"])
def test_open_routes_stay_open(guarded: tuple[httpx.Client, StubTasks], path: str) -> None:
    assert guarded[0].get(path).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_good_token_opens(scheme: str) -> None:
    tasks = StubTasks()
    with serving(Settings(auth=GUARDED), tasks, linger=True) as server:
        headers = {"Authorization": f"{scheme} {signed(products=['cdn'], domains=['*.Example.com'])}"}
        assert server.get(ASKED, headers=headers).status_code == 200
        assert server.get("/v1/tasks", headers=headers).status_code == 200
        assert server.post("/v1/tasks/query", json={"taskId": ["1"]}, headers=headers).status_code == 200
    scopes = [question.scope for question in tasks.questions]
    products, domains = frozenset({"cdn"}), frozenset({"*.example.com"})
    assert [(scope.products, scope.domains) for scope in scopes] == [(products, domains)] * 3
    assert len({scope.caller for scope in scopes}) == 1


@pytest.mark.parametrize("narrow", [signed(products=["cdn"]), signed(domains=["*.example.com"]), signed(products=[])])
def test_figures_of_the_whole_account_are_for_tokens_that_may_see_all_of_it(narrow: str) -> None:
    with serving(Settings(auth=GUARDED), FiguredTasks(), linger=True) as server:
        asked = server.get("/healthz?verbose=1", headers={"Authorization": f"Bearer {signed(actions=[])}"})
        assert asked.json()["figures"] == {"cdn": {"calls": 3}}
        problem(server.get("/healthz?verbose=1", headers={"Authorization": f"Bearer {narrow}"}), 403, "forbidden")


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"exp": NOW - LEEWAY_SECONDS + 1}, 200),
        ({"exp": NOW - LEEWAY_SECONDS}, 401),
        ({"nbf": NOW + LEEWAY_SECONDS}, 200),
        ({"nbf": NOW + LEEWAY_SECONDS + 1}, 401),
        ({"iat": NOW + LEEWAY_SECONDS}, 200),
        ({"iat": NOW + LEEWAY_SECONDS + 1}, 401),
    ],
)
def test_a_clock_may_be_a_little_off(
    guarded: tuple[httpx.Client, StubTasks], monkeypatch: pytest.MonkeyPatch, claims: dict[str, Any], status: int
) -> None:
    hold_token_clock(monkeypatch)
    headers = {"Authorization": f"Bearer {signed(**claims)}"}
    assert guarded[0].get("/healthz?verbose=1", headers=headers).status_code == status


def test_audience_and_issuer_matter_only_when_configured(opened: Opener) -> None:
    server = opened(Settings(auth=AuthSettings(mode="jwt", jwt_secret=SECRET)))
    for token in (signed(), signed(aud="anything"), signed(aud="absent", iss="absent")):
        assert server.get(ASKED, headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_with_nothing_configured_nobody_gets_in_and_is_told_what_to_set(opened: Opener, tasks: StubTasks) -> None:
    server = opened(Settings(auth=AuthSettings(mode="jwt")))
    told = problem(server.get(ASKED, headers={"Authorization": f"Bearer {signed()}"}), 503, "auth-not-configured")
    assert "TASK_STATUS_JWT_SECRET" in told["detail"]
    problem(server.get("/healthz?verbose=1"), 503, "auth-not-configured")
    assert server.get("/healthz").status_code == 200
    assert tasks.questions == []


@pytest.mark.parametrize(
    ("claims", "scope"),
    [
        ({}, ANONYMOUS_SCOPE),
        ({"products": []}, Scope(products=frozenset())),
        ({"domains": ["A.example.com"]}, Scope(domains=frozenset({"a.example.com"}))),
        ({"actions": ["refresh", "regex"]}, Scope(actions=frozenset({"refresh", "regex"}))),
    ],
)
def test_an_absent_claim_is_all_and_an_empty_one_nothing(claims: dict[str, Any], scope: Scope) -> None:
    assert msgspec.structs.replace(scope_from(claims), caller=scope.caller) == scope


def test_a_caller_stays_the_same_when_the_token_is_renewed() -> None:
    def caller(**claims: Any) -> str:
        return scope_from({**GOOD, **claims}).caller

    assert caller(exp=NEVER - 1, iat=1, jti="2", products=["cdn"]) == caller()
    assert caller(sub="you") != caller()
    assert caller(iss="https://other.example/") != caller()
    without_subject = {"exp": NEVER, "products": ["cdn"]}
    assert scope_from({**without_subject, "exp": NEVER + 1}).caller == scope_from(without_subject).caller
    assert scope_from({**without_subject, "products": []}).caller != scope_from(without_subject).caller
    assert ANONYMOUS_SCOPE.caller == "anonymous"


def test_a_claim_that_utf_8_cannot_hold_is_no_fault_of_ours() -> None:  # case A7
    assert scope_from({"x": "\ud800"}).caller != scope_from({"x": "\ud801"}).caller


def test_the_mode_decides_who_is_let_in() -> None:
    assert isinstance(authenticator_for(AuthSettings(mode="none")), AllowAll)
    assert isinstance(authenticator_for(AuthSettings(mode="jwt")), DenyAll)


def minted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    for name, value in (("SECRET", SECRET), ("AUDIENCE", GUARDED.audience), ("ISSUER", GUARDED.issuer)):
        monkeypatch.setenv(f"TASK_STATUS_JWT_{name}", str(value))
    assert mint.main(arguments) == 0
    return capsys.readouterr().out.strip()


def test_a_minted_token_opens(
    guarded: tuple[httpx.Client, StubTasks], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = minted(
        monkeypatch, capsys, "--products", "cdn,dcdn", "--domains", "*.example.com", "--actions", "", "--ttl", "60"
    )
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["products"], claims["domains"], claims["actions"]) == (["cdn", "dcdn"], ["*.example.com"], [])
    assert claims["exp"] - claims["iat"] == 60
    headers = {"Authorization": f"Bearer {token}"}
    assert guarded[0].get(ASKED, headers=headers).status_code == 200


def test_without_a_secret_none_is_minted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("TASK_STATUS_JWT_SECRET", raising=False)
    assert mint.main([]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "TASK_STATUS_JWT_SECRET" in said.err


def test_the_secret_is_in_no_text() -> None:
    assert SECRET not in repr(GUARDED)
    headers = Headers({"authorization": f"Bearer {signed(key=OTHER)}"})
    with pytest.raises(RequestRefused) as error:
        asyncio.run(authenticator_for(GUARDED).authenticate(headers))
    assert SECRET not in repr(error.value)
