"""One JSON line per request and nothing secret in any."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import msgspec
import pytest
from httpx import Client

from emulator.testing import Emulator
from functions import logs
from functions.tasks.report import Problem
from functions.tasks.results import LookupAnswer, NothingAnswered
from tests.support.eventually import eventually
from tests.support.http_stub_service import StubTasks, report
from tests.support.web_function import web_over

SECRET = "LTAI5tSecretSecretSecret"


def lines(written: io.StringIO, count: int) -> list[dict[str, Any]]:
    """So many lines of ours; a request's line is written after its answer has left."""

    def found() -> list[dict[str, Any]]:
        every = map(json.loads, written.getvalue().splitlines())
        return [line for line in every if line["logger"] == "functions"]

    eventually(lambda: len(found()) >= count)
    assert len(found()) == count
    return found()


def test_each_request_is_one_line(server: Client, written: io.StringIO) -> None:
    response = server.get("/v1/tasks?taskId=1,2,cdn:3")
    (line,) = lines(written, 1)
    assert line["time"].endswith("Z")
    assert line["durationMs"] >= 0
    assert {name: line[name] for name in ("level", "message", "requestId", "method", "path", "status", "ids")} == {
        "level": "INFO",
        "message": "request",
        "requestId": response.headers["x-request-id"],
        "method": "GET",
        "path": "/v1/tasks",
        "status": 200,
        "ids": 3,
    }


def test_a_caller_s_own_id_is_logged_beside_ours(server: Client, written: io.StringIO) -> None:  # case N3
    response = server.get("/v1/tasks?taskId=1", headers={"X-Request-Id": "from-the-page-1"})
    server.get("/v1/tasks?taskId=1", headers={"X-Request-Id": "two words"})
    kept, refused = lines(written, 2)
    assert (kept["clientRequestId"], kept["requestId"]) == ("from-the-page-1", response.headers["x-request-id"])
    assert kept["requestId"] != "from-the-page-1"
    assert "clientRequestId" not in refused


def test_what_products_said_is_logged_and_what_people_must_mend_is_a_warning(  # case N3
    server: Client, tasks: StubTasks, written: io.StringIO
) -> None:
    for reason in ("throttled", "denied", "bad-credentials"):
        said = Problem(product="vod", reason=reason, vendor_code="Some.Code", request_ids=("R-1",))
        tasks.lookup_answer = LookupAnswer(report=msgspec.structs.replace(report(), problems=(said,)), retry_after=1)
        server.get("/v1/tasks?taskId=1")
    tasks.fault = NothingAnswered((said,))
    server.get("/v1/tasks")
    found = lines(written, 4)
    assert [line["level"] for line in found] == ["INFO", "WARNING", "WARNING", "WARNING"]
    assert found[0]["problems"] == [
        {"product": "vod", "reason": "throttled", "vendorCode": "Some.Code", "requestIds": ["R-1"]}
    ]
    assert (found[3]["reason"], found[3]["problems"][0]["requestIds"]) == ("upstream-failed", ["R-1"])


def test_a_refusal_is_logged_with_its_reason(server: Client, written: io.StringIO) -> None:
    server.get("/v1/tasks?taskId=x")
    server.options("/v1/tasks")
    assert [(line["status"], line.get("reason")) for line in lines(written, 2)] == [
        (400, "invalid-request"),
        (204, None),
    ]


def test_what_nobody_foresaw_is_logged_by_type_and_place_and_never_by_its_text(
    server: Client, tasks: StubTasks, written: io.StringIO
) -> None:
    tasks.fault = RuntimeError(f"signing with {SECRET}")
    tasks.fault.__cause__ = KeyError(SECRET)
    server.get(f"/v1/tasks?taskId=1&after={SECRET}", headers={"Authorization": f"Bearer {SECRET}"})
    fault, request = lines(written, 2)
    assert fault["level"] == "ERROR"
    assert fault["requestId"] == request["requestId"]
    assert fault["exception"][0] == "builtins.RuntimeError"
    assert "builtins.KeyError" in fault["exception"]
    assert any("http_stub_service.py" in place for place in fault["exception"])
    assert SECRET not in json.dumps([fault, request])


def test_a_line_stays_one_line_whatever_the_path(server: Client, written: io.StringIO) -> None:
    server.get("/%0A%22%7D" + "a" * 500)
    (line,) = lines(written, 1)
    assert line["path"].startswith('/\N{REPLACEMENT CHARACTER}"}aaa')
    assert len(line["path"]) == 200


def test_facts_become_members_and_odd_ones_are_named_by_type(written: io.StringIO) -> None:
    logs.log_event("said", ids=["1"], odd=object())
    (line,) = lines(written, 1)
    assert (line["ids"], line["odd"]) == (["1"], "object")


def test_the_sdk_s_own_loggers_say_nothing(written: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    # GIVEN an SDK logger that, imported later, sets itself up to shout
    noisy = logging.getLogger(logs.NOISY[0])
    handler = logging.StreamHandler()
    noisy.setLevel(logging.DEBUG)
    noisy.addHandler(handler)
    try:
        noisy.error("Authorization: %s", SECRET)
    finally:
        noisy.removeHandler(handler)
    assert SECRET not in written.getvalue() + capsys.readouterr().err


def test_vendor_calls_bear_the_id_of_their_request(emu: Emulator, written: io.StringIO) -> None:  # case N3
    with web_over(emu) as web:
        response = web.get("/v1/tasks?taskId=cdn:24840,dcdn:113681")
    calls = [line for line in map(json.loads, written.getvalue().splitlines()) if line["message"] == "vendor call"]
    assert {line["action"] for line in calls} == {"DescribeRefreshTaskById", "DescribeDcdnRefreshTaskById"}
    assert {line["requestId"] for line in calls} == {response.headers["x-request-id"]}
    assert all(line["vendorRequestId"] for line in calls)
