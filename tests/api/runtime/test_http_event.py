"""`http(event, context)`: Function Compute's HTTP event, with all its quirks.

Shape: https://www.alibabacloud.com/help/en/functioncompute/fc/http-trigger-invoking-function
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import threading
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.errors import SettingsError
from functions.handlers import BuiltInRuntime, EventFailed
from functions.server import Components
from functions.settings import Settings
from functions.tasks.query import RequestedId
from functions.tasks.results import LookupAnswer
from tests.support.eventually import eventually
from tests.support.http_stub_service import VERSION, StubTasks, report

CONTEXT = SimpleNamespace(request_id="1-64f6cd87-abc", region="cn-hangzhou")
"""Python 3.12's context: no credentials."""
OPEN = {"TASK_STATUS_AUTH": "none", "FC_ACCOUNT_ID": "1234567890123456"}


class Sink:
    def __init__(self) -> None:
        self.offered: list[tuple[str, str, str | None]] = []

    def offer(self, access_key_id: str, access_key_secret: str, security_token: str | None) -> None:
        self.offered.append((access_key_id, access_key_secret, security_token))


class Answer(msgspec.Struct, frozen=True):
    body: bytes
    failed: bool


class Events:
    async def handle(self, event: bytes) -> Answer:
        return Answer(b'{"objects":[]}', failed=event != b"good")


class Runtime:
    """The handlers over a stub, and what they made of it."""

    def __init__(self, environ: dict[str, str] | None = None, *, events: Events | None = None) -> None:
        self.tasks = StubTasks()
        self.sink = Sink()
        self.settings: list[Settings] = []
        self.threads: set[str] = set()
        self._events = events
        self.handlers = BuiltInRuntime(self._compose, OPEN if environ is None else environ)

    def _compose(self, settings: Settings) -> Components:
        self.settings.append(settings)
        self.threads.add(threading.current_thread().name)
        return Components(settings=settings, tasks=self.tasks, credentials=self.sink, events=self._events)

    def http(self, context: object = CONTEXT, **members: Any) -> tuple[int, dict[str, str], Any]:
        answer = self.handlers.http(json.dumps(event(**members)).encode(), context)
        return answer["statusCode"], answer["headers"], read(answer)


def event(**members: Any) -> dict[str, Any]:
    """The documented event; a member that is `absent` is left out."""
    http = {
        "method": members.pop("method", "GET"),
        "path": "/v1/tasks",
        "protocol": "HTTP/1.1",
        "sourceIp": "11.11.11.1",
    }
    whole = {
        "version": "v1",
        "rawPath": "/v1/tasks",
        "body": "",
        "isBase64Encoded": False,
        "headers": {"User-Agent": "curl", "Host": "abc.cn-hangzhou.fcapp.run"},
        "queryParameters": {"taskId": "24840,dcdn:113681"},
        "requestContext": {
            "accountId": "1",
            "domainName": "abc.cn-hangzhou.fcapp.run",
            "http": http,
            "requestId": "1-event",
            "timeEpoch": "1693896071895",
        },
        **members,
    }
    return {name: value for name, value in whole.items() if value != "absent"}


def read(answer: Any) -> Any:
    body = answer["body"]
    assert isinstance(body, str)
    raw = base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()
    if answer["headers"].get("content-encoding") == "gzip":
        raw = gzip.decompress(raw)
    return json.loads(raw) if raw else None


@pytest.fixture(scope="module")
def standing() -> Runtime:
    return Runtime()


@pytest.fixture
def runtime(standing: Runtime) -> Runtime:
    standing.tasks.questions.clear()
    standing.tasks.fault = None
    standing.tasks.lookup_answer = LookupAnswer(report=report(), retry_after=2)
    return standing


def test_the_documented_event_is_answered_in_the_documented_form(runtime: Runtime) -> None:
    answer = runtime.handlers.http(json.dumps(event()).encode(), CONTEXT)
    assert set(answer) == {"statusCode", "headers", "isBase64Encoded", "body"}
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)
    assert answer["headers"]["content-type"] == "application/json"
    assert answer["headers"]["etag"] == f'W/"{VERSION}"'
    assert all(isinstance(value, str) for value in answer["headers"].values())
    assert read(answer)["tasks"][0]["id"] == "cdn:24840"
    assert runtime.tasks.lookup_question.ids == (RequestedId("24840"), RequestedId("113681", "dcdn"))


def test_no_header_that_the_platform_forbids_is_returned(runtime: Runtime) -> None:
    _, headers, _ = runtime.http()
    assert not {"content-length", "connection", "date", "server", "keep-alive", "transfer-encoding"} & set(headers)
    assert not [name for name in headers if name.startswith("x-fc-")]


@pytest.mark.parametrize(
    "members",
    [
        {"body": "absent", "isBase64Encoded": "absent"},
        {"body": None, "isBase64Encoded": None},
        {"headers": "absent"},
        {"headers": None},
        {"headers": {"Accept": None, "X-Odd": ""}},
        {"rawPath": "absent"},
        {"rawPath": None},
        {"version": "absent"},
        {"queryParameters": {"taskId": "24840"}, "cookies": ["a=b"]},
    ],
)
def test_what_may_be_missing_is_not_missed(runtime: Runtime, members: dict[str, Any]) -> None:
    assert runtime.http(**members)[0] == 200


@pytest.mark.parametrize("query", ["absent", None, {}])
def test_without_query_parameters_tasks_are_listed(runtime: Runtime, query: Any) -> None:
    assert runtime.http(queryParameters=query)[0] == 200
    assert runtime.tasks.list_question.page_size == 20


def test_query_parameters_come_decoded_and_arrive_as_they_were(runtime: Runtime) -> None:
    path = "http://e.com/a b+c,d.jpg?x=1&y=%20#\u4e2d"
    status, _, body = runtime.http(
        queryParameters={
            "objectPath": path.replace(" ", "_"),
            "startTime": "2026-11-22T11:31:00+08:00",
        }
    )
    assert status == 200, body
    assert runtime.tasks.list_question.object_paths == (path.replace(" ", "_"),)
    assert str(runtime.tasks.list_question.start) == "2026-11-22 03:31:00+00:00"


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/tasks", 200), ("/v1%2Ftasks", 200), ("/v1/%E4%B8%AD", 404), ("/none", 404)]
)
def test_the_raw_path_is_percent_encoded(runtime: Runtime, path: str, status: int) -> None:
    assert runtime.http(rawPath=path)[0] == status


@pytest.mark.parametrize("name", ["if-none-match", "If-None-Match", "IF-NONE-MATCH"])
def test_header_names_come_in_any_case_and_values_joined(runtime: Runtime, name: str) -> None:
    status, _, body = runtime.http(headers={name: f'"other",W/"{VERSION}"'})
    assert (status, body) == (304, None)


@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_comes_as_text_or_base64(runtime: Runtime, encoded: bool) -> None:
    question = '{"taskId": ["24840"], "objects": 5}'
    status, _, _ = runtime.http(
        method="POST",
        rawPath="/v1/tasks/query",
        queryParameters={},
        headers={"content-type": "application/json", "Content-Length": "9999"},
        body=base64.b64encode(question.encode()).decode() if encoded else question,
        isBase64Encoded=encoded,
    )
    assert status == 200
    assert runtime.tasks.lookup_question.objects == 5


def test_a_compressed_answer_travels_as_base64(runtime: Runtime) -> None:
    runtime.tasks.lookup_answer = LookupAnswer(report=report(rows=200), retry_after=2)
    answer = runtime.handlers.http(json.dumps(event(headers={"Accept-Encoding": "gzip, br"})).encode(), CONTEXT)
    assert answer["isBase64Encoded"]
    assert answer["headers"]["content-encoding"] == "gzip"
    assert len(read(answer)["tasks"][0]["objects"]) == 200


def test_what_is_done_after_the_answer_holds_it_up_by_nothing() -> None:
    runtime, gate = Runtime(), threading.Event()

    async def settling() -> None:
        await asyncio.to_thread(gate.wait)

    runtime.tasks.settling = settling
    assert runtime.http()[0] == 200
    assert runtime.tasks.settled == 0
    gate.set()
    eventually(lambda: runtime.tasks.settled == 1)


def test_head_and_options_have_no_body(runtime: Runtime) -> None:
    status, headers, body = runtime.http(method="HEAD")
    assert (status, body, headers["etag"]) == (200, None, f'W/"{VERSION}"')
    status, headers, body = runtime.http(method="OPTIONS", headers={"Origin": "https://evil.example"})
    assert (status, body) == (204, None)
    assert headers["access-control-allow-origin"] == "https://abc.cn-hangzhou.fcapp.run"


def test_the_request_id_is_the_context_s_else_the_event_s(runtime: Runtime) -> None:
    assert runtime.http()[1]["x-request-id"] == "1-64f6cd87-abc"
    assert runtime.http(context=None)[1]["x-request-id"] == "1-event"


def test_a_stream_is_not_possible_here(runtime: Runtime) -> None:
    status, _, body = runtime.http(headers={"Accept": "text/event-stream"})
    assert (status, body["reason"]) == (406, "streaming-unavailable")


@pytest.mark.parametrize("path", ["/invoke", "/pre-stop"])
def test_what_only_the_platform_may_say_is_not_taken_from_a_caller(runtime: Runtime, path: str) -> None:
    forged = {
        "X-Fc-Control-Path": path,
        "x-fc-access-key-id": "forged",
        "x-fc-access-key-secret": "forged",
        "X-FC-Request-Id": "forged",
    }
    status, headers, _ = runtime.http(rawPath=path, method="GET" if path == "/pre-stop" else "POST", headers=forged)
    assert (status, headers["x-request-id"]) == (404, "1-64f6cd87-abc")
    assert runtime.sink.offered == []
    assert runtime.tasks.closed == 0


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b'{"events": []}',
        b'{"requestContext": {}}',
        b'{"requestContext": {"http": {"method": 5}}}',
        json.dumps(event(headers=["a"])).encode(),
        json.dumps(event(body={"a": 1})).encode(),
        json.dumps(event(body="no base64!", isBase64Encoded=True)).encode(),
        b"[" * 100_000,
        None,
        {"rawPath": "/"},
    ],
)
def test_an_event_of_another_kind_is_a_400(runtime: Runtime, raw: Any) -> None:
    answer = runtime.handlers.http(raw, CONTEXT)
    assert (answer["statusCode"], read(answer)["reason"]) == (400, "malformed-event")
    assert answer["headers"]["content-type"] == "application/problem+json"


def test_no_exception_leaves_the_handler(runtime: Runtime) -> None:
    runtime.tasks.fault = RuntimeError("LTAI5tSecret")
    status, _, body = runtime.http()
    assert (status, body["reason"]) == (500, "internal-error")
    assert "LTAI5tSecret" not in json.dumps(body)


def test_settings_that_cannot_be_used_are_told_by_a_500_and_no_exception() -> None:
    runtime = Runtime({"TASK_STATUS_PRODUCTS": "none-such"})
    for _ in range(2):
        status, _, body = runtime.http()
        assert (status, body["reason"]) == (500, "internal-error")
    assert runtime.settings == []


def test_parts_are_made_once_on_the_loop_that_serves_and_closed_by_default() -> None:
    runtime = Runtime({"FC_FUNCTION_NAME": "task-status"})
    for _ in range(2):
        assert runtime.http()[2]["reason"] == "auth-not-configured"
    assert len(runtime.settings) == 1
    assert runtime.settings[0].on_function_compute
    assert runtime.threads == {"task-status"}


def test_the_credentials_of_an_older_context_are_taken_over() -> None:
    runtime = Runtime()
    triple = SimpleNamespace(access_key_id="STS.key", access_key_secret="its-secret", security_token="its-token")
    runtime.http(context=SimpleNamespace(request_id="1", credentials=triple))
    runtime.http(context=SimpleNamespace(request_id="2", credentials=None))
    assert runtime.sink.offered == [("STS.key", "its-secret", "its-token")]


def test_many_callers_at_once_share_one_loop() -> None:
    runtime = Runtime()
    statuses: list[int] = []
    callers = [threading.Thread(target=lambda: statuses.append(runtime.http()[0])) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(10)
    assert statuses == [200] * 8
    assert len(runtime.settings) == 1


def test_an_oss_event_is_answered_and_a_failed_one_raises_so_that_it_comes_again() -> None:
    runtime = Runtime(events=Events())
    assert runtime.handlers.oss(b"good", CONTEXT) == '{"objects":[]}'
    with pytest.raises(EventFailed, match="objects"):
        runtime.handlers.oss(b"bad", CONTEXT)


def test_where_events_are_off_an_oss_event_fails() -> None:
    with pytest.raises(EventFailed, match="TASK_STATUS_DOORS"):
        Runtime().handlers.oss(b"{}", CONTEXT)
    with pytest.raises(SettingsError, match="TASK_STATUS_PRODUCTS"):
        Runtime({"TASK_STATUS_PRODUCTS": "none-such"}).handlers.oss(b"{}", CONTEXT)


FUZZED = Runtime()
texts = st.one_of(st.none(), st.text(max_size=20))
tables = st.one_of(st.none(), st.dictionaries(st.text(max_size=12), texts, max_size=4))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=10))
anything = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=9), inner)))


@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "", "\u4e2d"]),
    path=st.one_of(st.just("/v1/tasks"), st.just("/v1/tasks/query"), st.text(max_size=12)),
    body=texts,
    encoded=st.booleans(),
    headers=tables,
    query=tables,
)
def test_no_event_gives_a_500_or_an_exception(
    method: str, path: str, body: str | None, encoded: bool, headers: Any, query: Any
) -> None:
    status, _, _ = FUZZED.http(
        method=method, rawPath=path, body=body, isBase64Encoded=encoded, headers=headers, queryParameters=query
    )
    assert status < 500


@given(st.one_of(st.binary(max_size=60), anything.map(lambda value: json.dumps(value).encode()), anything))
def test_no_bytes_give_a_500_or_an_exception(raw: Any) -> None:
    assert FUZZED.handlers.http(raw, CONTEXT)["statusCode"] == 400
