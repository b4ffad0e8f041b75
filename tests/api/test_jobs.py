"""`GET /v1/tasks?job=vod:…`: the tasks of a media job are looked up like any others."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from functions.errors import Reason
from functions.settings import Settings
from functions.tasks.query import RequestedId
from functions.tasks.report import Problem
from functions.tasks.results import NothingAnswered
from tests.support.http_stub_service import StubTasks, problem

Opener = Callable[..., httpx.Client]
JOB = {"job": "vod:41d465e31957"}
TASKS = (RequestedId("704225667", "vod"),)


def test_a_job_is_answered_by_its_tasks(opened: Opener, tasks: StubTasks) -> None:
    tasks.job_tasks = TASKS
    response = opened(Settings()).get("/v1/tasks", params={**JOB, "wait": 3, "objects": 7})
    assert response.status_code == 200
    assert tasks.jobs_asked == [("vod", "41d465e31957")]
    asked = tasks.lookup_question
    assert (asked.ids, asked.wait, asked.objects) == (TASKS, 3, 7)


def test_the_same_in_a_body(opened: Opener, tasks: StubTasks) -> None:
    tasks.job_tasks = TASKS
    assert opened(Settings()).post("/v1/tasks/query", json=JOB).status_code == 200
    assert tasks.lookup_question.ids == TASKS


def test_a_job_that_nobody_knows_is_not_found(opened: Opener) -> None:
    problem(opened(Settings()).get("/v1/tasks", params=JOB), 404, "job-unknown")


def test_a_job_that_could_not_be_asked_for_is_not_unknown(opened: Opener, tasks: StubTasks) -> None:
    tasks.fault = NothingAnswered((Problem(product="vod", reason=Reason.TIMEOUT, request_ids=()),))
    problem(opened(Settings()).get("/v1/tasks", params=JOB), 504, "upstream-timeout")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"job": "41d465e31957"}, "job"),
        ({"job": "cdn:41d465e31957"}, "job"),
        ({"job": ""}, "job"),
        ({**JOB, "taskId": "1"}, "job"),
        ({**JOB, "product": "cdn"}, "job"),
        ({**JOB, "domainName": "example.com"}, "domainName"),
    ],
)
def test_what_cannot_be_asked_is_refused(opened: Opener, query: dict[str, str], parameter: str) -> None:
    document = problem(opened(Settings()).get("/v1/tasks", params=query), 400, "invalid-request")
    assert parameter in {fault["parameter"] for fault in document["errors"]}


def test_a_job_of_a_product_that_is_off_is_refused(opened: Opener) -> None:
    document = problem(opened(Settings(products=("cdn",))).get("/v1/tasks", params=JOB), 400, "invalid-request")
    assert "switched off" in document["errors"][0]["detail"]
