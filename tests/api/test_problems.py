"""Everything that is not an answer is problem+json, from one table."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator

import httpx
import pytest
from httpx import Client
from starlette.exceptions import HTTPException

import functions
from functions.api.problems import _ANSWERS, PROBLEM_TYPES, RequestRefused, answer_to
from functions.errors import InvalidRequest, ParameterFault, Reason, TaskStatusError, UpstreamFault
from functions.settings import Settings
from functions.tasks.report import Problem
from functions.tasks.results import NothingAnswered
from tests.api.conftest import Opener
from tests.support.http_stub_service import StubTasks, problem

ASKED = "/v1/tasks?taskId=1"
SECRET = "LTAI5tSecretSecretSecret"


def family(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def nothing(*reasons: Reason, retry_after: int | None = None) -> NothingAnswered:
    return NothingAnswered(
        tuple(
            Problem(product="cdn", reason=reason, retry_after=retry_after, request_ids=("F5E8",)) for reason in reasons
        )
    )


def test_every_exception_of_the_tree_is_mapped() -> None:
    # GIVEN every module of the package, so that every exception class is known
    for module in pkgutil.walk_packages(functions.__path__, "functions."):
        importlib.import_module(module.name)
    # THEN each that a route can meet has a row of its own in the table, or is a kind of one that has
    general = {TaskStatusError, Exception, BaseException, object}
    handled_below = (
        "tests",
        "functions.events",
        "functions.handlers",
        "functions.upstream.shared",
        "functions.tasks.history.record",
    )
    met = {kind for kind in family(TaskStatusError) if not kind.__module__.startswith(handled_below)} - general
    assert [kind for kind in met if not (set(kind.__mro__) - general) & set(_ANSWERS)] == []


def test_every_reason_has_a_status_that_is_an_error_and_a_title() -> None:
    assert all(400 <= kind.status <= 504 and kind.title for kind in PROBLEM_TYPES.values())
    assert {answer_to(RequestRefused(reason, "why")).document.status for reason in PROBLEM_TYPES} == {
        400, 401, 403, 404, 405, 406, 409, 413, 415, 421, 422, 429, 500, 502, 503, 504,
    }  # fmt: skip


@pytest.mark.parametrize("reason", Reason)
def test_one_call_s_fault_is_judged_as_if_alone(reason: Reason) -> None:
    status = answer_to(UpstreamFault(reason, product="cdn", detail=SECRET)).document.status
    assert status == {"throttled": 503, "timeout": 504, "deadline": 504}.get(reason, 502)


def test_all_faults_of_a_question_are_told(server: Client, tasks: StubTasks) -> None:
    told = problem(server.get("/v1/tasks?taskId=x&wait=99&colour=red"), 400, "invalid-request")
    assert [(error["parameter"], error["value"]) for error in told["errors"]] == [
        ("colour", None),
        ("taskId", "x"),
        ("wait", "99"),
    ]
    assert tasks.questions == []


def test_faults_that_only_the_service_can_find_keep_their_reason(server: Client, tasks: StubTasks) -> None:
    fault = ParameterFault(parameter="pageToken", value="abc", detail="it is not from this service")
    tasks.fault = InvalidRequest((fault,), reason="page-token-invalid")
    told = problem(server.get("/v1/tasks?pageToken=abc"), 400, "page-token-invalid")
    assert told["errors"] == [{"parameter": "pageToken", "value": "abc", "detail": "it is not from this service"}]


@pytest.mark.parametrize(
    ("fault", "status", "reason", "retry_after"),
    [
        (nothing(Reason.TIMEOUT), 504, "upstream-timeout", None),
        (nothing(Reason.TIMEOUT, Reason.DEADLINE), 504, "upstream-timeout", None),
        (nothing(Reason.THROTTLED), 503, "upstream-throttled", "1"),
        (nothing(Reason.THROTTLED, Reason.UNAVAILABLE, retry_after=7), 503, "upstream-throttled", "7"),
        (nothing(Reason.THROTTLED, Reason.TIMEOUT), 503, "upstream-throttled", "1"),
        (nothing(Reason.THROTTLED, Reason.DENIED), 502, "upstream-failed", None),
        (nothing(Reason.UNAVAILABLE, Reason.MALFORMED), 502, "upstream-failed", None),
        (nothing(Reason.TIMEOUT, Reason.UNAVAILABLE), 502, "upstream-failed", None),
        (nothing(Reason.BAD_CREDENTIALS), 502, "upstream-failed", None),
    ],
)
def test_when_nothing_answered_the_status_says_why(
    server: Client, tasks: StubTasks, fault: NothingAnswered, status: int, reason: str, retry_after: str | None
) -> None:
    tasks.fault = fault
    response = server.get(ASKED)
    told = problem(response, status, reason)
    assert [each["reason"] for each in told["problems"]] == [each.reason for each in fault.problems]
    assert told["problems"][0]["requestIds"] == ["F5E8"]
    assert response.headers.get("retry-after") == retry_after


def test_what_nobody_foresaw_tells_nothing(server: Client, tasks: StubTasks, caplog: pytest.LogCaptureFixture) -> None:
    tasks.fault = RuntimeError(f"signing with {SECRET}")
    response = server.get(ASKED)
    problem(response, 500, "internal-error")
    assert SECRET not in response.text
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == ["unforeseen"]


@pytest.mark.parametrize("path", ["/index.html", "/v1", "/v1/", "/v1/nothing", "/v1/tasks/", "/invoke", "/pre-stop"])
def test_what_is_not_there_is_not_found_and_never_a_redirect(server: Client, path: str) -> None:
    problem(server.get(path), 404, "not-found")
    problem(server.post(path), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/tasks", "GET, HEAD, OPTIONS, POST"),
        ("GET", "/v1/tasks/query", "OPTIONS, POST"),
        ("PUT", "/healthz", "GET, HEAD, OPTIONS"),
        ("POST", "/openapi.json", "GET, HEAD, OPTIONS"),
    ],
)
def test_another_method_is_told_those_that_are_allowed(server: Client, method: str, path: str, allowed: str) -> None:
    response = server.request(method, path)
    problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == allowed


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=gbk"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": ""},
    ],
)
def test_a_body_of_another_type_is_refused(server: Client, headers: dict[str, str]) -> None:
    response = server.post("/v1/tasks/query", content=b'{"taskId": ["1"]}', headers=headers)
    problem(response, 415, "unsupported-media-type")


def test_json_may_say_that_it_is_utf_8(server: Client) -> None:
    headers = {"Content-Type": 'Application/JSON; charset="UTF-8"'}
    assert server.post("/v1/tasks/query", content=b'{"taskId": ["1"]}', headers=headers).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_body_that_is_no_json_object_is_refused(server: Client, body: bytes) -> None:
    response = server.post("/v1/tasks/query", content=body, headers={"Content-Type": "application/json"})
    problem(response, 400, "invalid-json")


def test_a_question_does_not_stand_in_two_places(server: Client) -> None:
    problem(server.post("/v1/tasks/query?taskId=1", json={}), 400, "invalid-request")


def padded(size: int) -> bytes:
    body = json.dumps({"taskId": ["1"]}).encode()
    return body + b" " * (size - len(body))


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_may_have_256_kilobytes_and_no_more(server: Client, chunked: bool) -> None:
    def sent(size: int) -> httpx.Response:
        whole = padded(size)
        parts = (whole[at : at + 65_536] for at in range(0, size, 65_536))
        headers = {"Content-Type": "application/json"}
        return server.post("/v1/tasks/query", content=parts if chunked else whole, headers=headers)

    assert sent(262_144).status_code == 200
    problem(sent(262_145), 413, "body-too-large")


def test_other_answers_of_the_router_are_problems_too() -> None:
    assert answer_to(HTTPException(400)).document.reason == "invalid-request"
    assert answer_to(HTTPException(413)).document.reason == "body-too-large"


def test_where_http_is_off_there_are_no_task_routes(opened: Opener) -> None:
    server = opened(Settings(doors=("events",)))
    problem(server.get(ASKED), 404, "not-found")
    assert server.get("/healthz").status_code == 200
