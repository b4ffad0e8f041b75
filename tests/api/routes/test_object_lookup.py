from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from functions.errors import StoreFault
from functions.settings import Settings
from functions.tasks.query import LookupQuery, RequestedId
from functions.tasks.results import LookupAnswer
from tests.support.http_stub_service import VERSION, StubTasks, problem, report

Opener = Callable[..., httpx.Client]
STORED = Settings(store="oss://kept/status")
NAME = "oss://pics/img/图 片/a+b,c.jpg"


class StubObjects:
    """Finds what a test tells it to."""

    def __init__(self, found: LookupQuery | LookupAnswer | StoreFault | None = None) -> None:
        self.found = found
        self.asked: list[tuple[str, LookupQuery]] = []

    async def find(self, name: str, query: LookupQuery) -> LookupQuery | LookupAnswer | None:
        self.asked.append((name, query))
        if isinstance(self.found, StoreFault):
            raise self.found
        return self.found


def ask(client: httpx.Client, **more: Any) -> httpx.Response:
    return client.get("/v1/tasks", params={"object": NAME, **more})


def test_an_object_is_answered_by_its_document(opened: Opener, tasks: StubTasks) -> None:
    objects = StubObjects(LookupAnswer(report=report(done=True), retry_after=None))
    response = ask(opened(STORED, objects=objects), objects=5, wait=3)
    assert (response.status_code, response.headers["etag"]) == (200, f'W/"{VERSION}"')
    assert "retry-after" not in response.headers
    (asked,) = objects.asked
    assert (asked[0], asked[1].ids, asked[1].objects, asked[1].wait) == (NAME, (), 5, 3)
    assert tasks.questions == []


def test_an_object_under_way_is_answered_by_its_tasks(opened: Opener, tasks: StubTasks) -> None:
    question = LookupQuery(
        ids=(RequestedId("24840", "cdn"),), products=("cdn",), object_paths=frozenset({"http://h/a"})
    )
    response = ask(opened(STORED, objects=StubObjects(question)))
    assert response.json()["tasks"][0]["id"] == "cdn:24840"
    assert tasks.questions == [question]


def test_the_same_in_a_body(opened: Opener) -> None:
    objects = StubObjects(LookupAnswer(report=report(), retry_after=10))
    response = opened(STORED, objects=objects).post("/v1/tasks/query", json={"object": NAME})
    assert (response.headers["retry-after"], objects.asked[0][0]) == ("10", NAME)


def test_an_object_that_nobody_knows_is_not_found(opened: Opener) -> None:
    problem(ask(opened(STORED, objects=StubObjects())), 404, "object-unknown")


def test_a_store_that_cannot_be_read_is_no_unknown_object(opened: Opener) -> None:
    response = ask(opened(STORED, objects=StubObjects(StoreFault("get_object: 403 AccessDenied"))))
    assert "AccessDenied" not in str(problem(response, 503, "store-unavailable"))
    assert response.headers["retry-after"] == "5"


def test_what_is_over_is_no_stream(opened: Opener) -> None:
    client = opened(STORED, objects=StubObjects(LookupAnswer(report=report(done=True), retry_after=None)))
    headers = {"Accept": "text/event-stream"}
    response = client.get("/v1/tasks", params={"object": NAME}, headers=headers)
    assert response.status_code == 406


@pytest.mark.parametrize(
    ("query", "faulty"),
    [
        ({"object": "pics/a.jpg"}, {"object"}),
        ({"object": "oss://pics"}, {"object"}),
        ({"object": "oss://PICS/a"}, {"object"}),
        ({"object": NAME, "taskId": "1"}, {"object"}),
        ({"object": NAME, "domainName": "h", "status": "bad"}, {"domainName", "status"}),
    ],
)
def test_an_object_combines_with_what_an_id_does(opened: Opener, query: dict[str, str], faulty: set[str]) -> None:
    response = opened(STORED, objects=StubObjects()).get("/v1/tasks", params=query)
    assert {fault["parameter"] for fault in problem(response, 400, "invalid-request")["errors"]} == faulty


def test_without_a_store_there_is_no_asking_for_objects(opened: Opener) -> None:
    (fault,) = problem(ask(opened()), 400, "invalid-request")["errors"]
    assert fault["parameter"] == "object"
    assert "store" in fault["detail"]
