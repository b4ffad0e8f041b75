"""`GET /v1/quota`: the account's, and so not for a token that is good for some domains only."""

from __future__ import annotations

from typing import Any

import httpx
import jwt
import pytest

from functions.settings import AuthSettings, Settings
from functions.tasks.report import Problem
from functions.tasks.results import NothingAnswered, QuotaAnswer
from tests.api.conftest import Opener
from tests.support.http_stub_service import StubTasks, problem, quotas
from tests.support.token_clock import NEVER

SECRET = "a-secret-of-at-least-32-bytes-to-sign-with"
GUARDED = Settings(auth=AuthSettings(mode="jwt", jwt_secret=SECRET))
THROTTLED = Problem(product="vod", reason="throttled", retry_after=3, request_ids=())


def bearer(**claims: Any) -> dict[str, str]:
    return {"Authorization": "Bearer " + jwt.encode({"exp": NEVER, **claims}, SECRET, "HS256")}


def test_it_answers_what_is_left_and_what_that_cost(server: httpx.Client) -> None:
    response = server.get("/v1/quota")
    assert response.json() == {
        "quotas": [{"product": "cdn", "kind": "url", "quota": 10_000, "remaining": 9_990}],
        "checkedAt": "2026-11-22T03:33:10.120Z",
        "problems": [],
    }
    assert response.headers["server-timing"] == 'cdn;dur=10.0;desc="1 call"'
    assert "retry-after" not in response.headers


def test_a_product_that_could_not_be_asked_is_named_with_the_time_to_wait(
    server: httpx.Client, tasks: StubTasks
) -> None:
    tasks.quota_answer = QuotaAnswer(report=quotas(THROTTLED))
    response = server.get("/v1/quota")
    assert response.headers["retry-after"] == "3"
    assert response.json()["problems"] == [{"product": "vod", "reason": "throttled", "retryAfter": 3, "requestIds": []}]


def test_when_no_product_answers_it_is_a_problem(server: httpx.Client, tasks: StubTasks) -> None:
    tasks.fault = NothingAnswered((THROTTLED,))
    problem(server.get("/v1/quota"), 503, "upstream-throttled")


def test_other_parameters_than_product_and_account_are_refused_and_each_is_named(server: httpx.Client) -> None:
    document = problem(server.get("/v1/quota?product=live&status=bad&account=acme&x"), 400, "invalid-request")
    assert sorted(error["parameter"] for error in document["errors"]) == ["account", "product", "status", "x"]


def test_the_products_asked_for_are_asked(server: httpx.Client, tasks: StubTasks) -> None:
    assert server.get("/v1/quota?product=vod,cdn").status_code == 200
    assert tasks.quota_products == ("cdn", "vod")


@pytest.mark.parametrize("domains", [[], ["a.com"], ["*.example.com"]])
def test_a_token_for_some_domains_may_not_see_it(opened: Opener, tasks: StubTasks, domains: list[str]) -> None:
    problem(opened(GUARDED).get("/v1/quota", headers=bearer(domains=domains)), 403, "forbidden")
    assert tasks.scopes == []


def test_a_token_for_some_products_sees_those(opened: Opener, tasks: StubTasks) -> None:
    assert opened(GUARDED).get("/v1/quota", headers=bearer(products=["cdn"])).status_code == 200
    assert [scope.products for scope in tasks.scopes] == [frozenset({"cdn"})]


def test_without_a_token_nobody_sees_it(opened: Opener) -> None:
    problem(opened(GUARDED).get("/v1/quota"), 401, "missing-token")
