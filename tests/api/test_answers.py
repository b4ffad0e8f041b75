"""What callers get: bodies, headers, versions, compression, negotiation."""

from __future__ import annotations

import msgspec
import pytest
from httpx import Client

from functions.settings import Settings
from functions.tasks.report import Problem, TaskList
from functions.tasks.results import ListAnswer, LookupAnswer
from tests.api.conftest import Opener
from tests.support.http_stub_service import VERSION, FiguredTasks, StubTasks, problem, report, serving

ASKED = "/v1/tasks?taskId=24840,998"
QUESTION = {"taskId": ["24840", "998"]}


def test_a_lookup_is_answered_with_the_report(server: Client, tasks: StubTasks) -> None:
    response = server.get(ASKED)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.content == msgspec.json.encode(tasks.lookup_answer.report)
    assert response.json()["tasks"][0]["objectCounts"]["total"] == 1


def test_both_forms_of_a_question_get_the_same_answer(server: Client, tasks: StubTasks) -> None:
    got, posted = server.get(ASKED), server.post("/v1/tasks/query", json=QUESTION)
    assert posted.content == got.content
    assert tasks.questions[0] == tasks.questions[1]


def test_without_ids_tasks_are_listed(server: Client, tasks: StubTasks) -> None:
    response = server.get("/v1/tasks?status=bad&pageSize=5")
    assert response.json()["tasks"][0]["id"] == "cdn:24840"
    assert "nextPageToken" not in response.json()
    assert "etag" not in response.headers
    assert tasks.list_question.page_size == 5
    assert server.post("/v1/tasks/query", json={}).content == response.content


def test_a_list_says_when_the_product_that_failed_may_be_asked_again(server: Client, tasks: StubTasks) -> None:
    failed = Problem(product="vod", reason="throttled", retry_after=3, request_ids=())
    tasks.list_answer = ListAnswer(page=TaskList(tasks=(), problems=(failed,)))
    assert server.get("/v1/tasks").headers["retry-after"] == "3"


def test_what_is_not_done_says_when_to_ask_again(server: Client, tasks: StubTasks) -> None:
    assert server.get(ASKED).headers["retry-after"] == "2"
    tasks.lookup_answer = LookupAnswer(report=report(done=True), retry_after=None)
    assert "retry-after" not in server.get(ASKED).headers
    tasks.lookup_answer = LookupAnswer(report=report(), retry_after=0)
    assert server.get(ASKED).headers["retry-after"] == "0"


def test_each_product_says_what_it_cost(server: Client, tasks: StubTasks) -> None:
    assert server.get(ASKED).headers["server-timing"] == 'cdn;dur=12.3;desc="1 call", vod;dur=100.0;desc="3 calls"'
    tasks.lookup_answer = LookupAnswer(report=report(), retry_after=2)
    assert "server-timing" not in server.get(ASKED).headers


def test_head_is_get_without_the_body(server: Client) -> None:
    got, head = server.get(ASKED), server.head(ASKED)
    assert head.content == b""
    assert head.status_code == 200
    same = {"etag", "content-length", "content-type", "retry-after", "server-timing", "vary", "cache-control"}
    assert {name: head.headers[name] for name in same} == {name: got.headers[name] for name in same}
    assert server.head("/v1/tasks?taskId=x").status_code == 400


@pytest.mark.parametrize("held", [f'W/"{VERSION}"', f'"{VERSION}"', f'"other", W/"{VERSION}"', "*", '"a,b" ,"9f3c0a"'])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_version_already_held_is_not_sent_again(server: Client, method: str, held: str) -> None:
    response = server.request(method, ASKED, headers={"If-None-Match": held})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == f'W/"{VERSION}"'
    assert response.headers["retry-after"] == "2"


@pytest.mark.parametrize("held", ['W/"other"', VERSION, "", '"9f3c0a', 'W/"9F3C0A"'])
def test_another_version_is_sent(server: Client, held: str) -> None:
    assert server.get(ASKED, headers={"If-None-Match": held}).status_code == 200


def test_a_question_in_a_body_is_never_answered_with_not_modified(server: Client) -> None:
    held = {"If-None-Match": f'W/"{VERSION}"'}
    assert server.post("/v1/tasks/query", json=QUESTION, headers=held).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "rows", "compressed"),
    [
        ("gzip", 50, True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", 50, True),
        ("GZIP", 50, True),
        ("gzip;q=0", 50, False),
        ("identity", 50, False),
        ("gzip", 0, False),
        ("gzip", 5_000, True),
    ],
)
def test_large_answers_are_compressed_for_who_accepts_it(
    server: Client, tasks: StubTasks, accepted: str, rows: int, compressed: bool
) -> None:
    tasks.lookup_answer = LookupAnswer(report=report(rows=rows), retry_after=2)
    response = server.get(ASKED, headers={"Accept-Encoding": accepted})
    assert (response.headers.get("content-encoding") == "gzip") == compressed
    assert response.content == msgspec.json.encode(tasks.lookup_answer.report)


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "*/*",
        "application/*;q=0.1",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/event-stream, application/json;q=0.5",
        "Application/JSON; charset=utf-8",
        "",
    ],
)
def test_json_is_sent_to_whoever_can_read_it(server: Client, accept: str) -> None:
    assert server.get(ASKED, headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/xml, image/*", "*/*;q=0"])
def test_who_excludes_json_is_told_so(server: Client, tasks: StubTasks, accept: str) -> None:
    problem(server.get(ASKED, headers={"Accept": accept}), 406, "not-acceptable")
    assert tasks.questions == []


def test_who_wants_a_stream_is_told_that_there_is_none(server: Client) -> None:
    problem(server.get(ASKED, headers={"Accept": "text/event-stream"}), 406, "streaming-unavailable")
    stream = server.post("/v1/tasks/query", json=QUESTION, headers={"Accept": "text/event-stream"})
    problem(stream, 406, "streaming-unavailable")


def test_liveness_is_open_and_holds_no_data(server: Client) -> None:
    assert server.get("/healthz").json() == {"status": "ok"}
    assert server.head("/healthz").status_code == 200


def test_figures_are_told_when_asked_for(opened: Opener) -> None:
    assert opened(tasks=FiguredTasks()).get("/healthz?verbose=1").json() == {
        "status": "ok",
        "figures": {"cdn": {"calls": 3}},
    }
    assert opened().get("/healthz?verbose=1").json() == {"status": "ok", "figures": []}


def test_the_service_is_closed_with_the_server(tasks: StubTasks) -> None:
    with serving(Settings(), tasks) as client:
        client.get(ASKED)
        assert tasks.closed == 0
    assert tasks.closed == 1
