from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.errors import InvalidRequest, ParameterFault, Reason, SettingsError
from functions.events.handler import OssEventHandler
from functions.events.reports import EventAnswer
from functions.events.wiring import open_handler
from functions.events.without_store import CONCURRENCY
from functions.logs import JsonLines
from functions.settings import Settings
from functions.tasks.query import ListQuery, LookupQuery
from functions.tasks.report import Problem, Summary, TaskReport
from functions.tasks.results import ListAnswer, LookupAnswer, NothingAnswered, Tasks
from functions.upstream.credentials import CredentialSource
from tests.support.samples import EVENTS, event_sample

RULE = '[[rule]]\nbucket = "testbucket"\nproduct = "{product}"\nurl = "https://{product}.example.com/{{key}}"\n'
SUMMARY = Summary(
    asked=0,
    found=0,
    not_found=0,
    undecided=0,
    pending=0,
    running=0,
    complete=0,
    failed=0,
    timeout=0,
    canceled=0,
    unknown=0,
    progress=None,
    done=True,
    outcome=None,
)


def report_of(*urls: str) -> TaskReport:
    return TaskReport(tasks=(), not_found=(), undecided=(), problems=(), summary=SUMMARY, version=" ".join(urls))


async def answer_at_once(_product: str, urls: tuple[str, ...]) -> TaskReport:
    return report_of(*urls)


class StubTasks:
    """Answers `follow_urls` as told; event handlers ask nothing else."""

    def __init__(self, follow: Callable[[str, tuple[str, ...]], Awaitable[TaskReport]] = answer_at_once) -> None:
        self.follow = follow
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def lookup(self, query: LookupQuery) -> LookupAnswer:
        raise AssertionError(query)

    async def list(self, query: ListQuery) -> ListAnswer:
        raise AssertionError(query)

    async def settle(self) -> None:
        raise AssertionError

    async def follow_urls(self, product: str, urls: tuple[str, ...]) -> LookupAnswer:
        self.asked.append((product, urls))
        return LookupAnswer(report=await self.follow(product, urls), retry_after=None)


def failing(fault: Exception, where: str = "") -> StubTasks:
    async def follow(product: str, urls: tuple[str, ...]) -> TaskReport:
        if where in product or any(where in url for url in urls):
            raise fault
        return report_of(*urls)

    return StubTasks(follow)


def nothing_answered(*reasons: Reason) -> NothingAnswered:
    return NothingAnswered(tuple(Problem(product="cdn", reason=reason, request_ids=()) for reason in reasons))


@pytest.fixture
def handler(tmp_path: Path) -> Callable[..., OssEventHandler]:
    def build(tasks: StubTasks, *products: str) -> OssEventHandler:
        path = tmp_path / "rules.toml"
        path.write_text("".join(RULE.format(product=product) for product in products or ("cdn",)))
        return opened(Settings(rules_path=path), tasks)

    return build


def opened(settings: Settings, tasks: StubTasks) -> OssEventHandler:
    return open_handler(settings, cast("Tasks", tasks), CredentialSource({}))


def sample(name: str) -> bytes:
    return event_sample(name)


def handle(handler: OssEventHandler, event: bytes) -> tuple[dict[str, Any], EventAnswer]:
    answer = asyncio.run(handler.handle(event))
    return json.loads(answer.body), answer


def puts(*keys: str) -> bytes:
    record = json.loads(sample("native-put"))["events"][0]
    records = [record | {"oss": record["oss"] | {"object": {"key": key}}} for key in keys]
    return json.dumps({"events": records}).encode()


def test_an_object_is_answered_with_its_urls_and_the_report_of_their_tasks(
    handler: Callable[..., OssEventHandler],
) -> None:
    tasks = StubTasks()
    body, answer = handle(handler(tasks), sample("native-awkward-key"))
    url = "https://cdn.example.com/source/%E5%9B%BE%20%E7%89%87/a%2Bb%252Fc%3Fd%23e&f='1'.png"
    assert body == {
        "objects": [
            {
                "bucket": "testbucket",
                "key": "source/图 片/a+b%2Fc?d#e&f='1'.png",
                "event": "ObjectCreated:PutObject",
                "urls": [url],
                "report": json.loads(msgspec.json.encode(report_of(url))),
            }
        ],
        "skipped": [],
        "failed": [],
    }
    assert not answer.failed
    assert tasks.asked == [("cdn", (url,))]


def test_an_object_of_two_products_has_a_report_of_each(handler: Callable[..., OssEventHandler]) -> None:
    body, _ = handle(handler(StubTasks(), "cdn", "dcdn"), sample("native-delete"))
    assert [entry["urls"] for entry in body["objects"]] == [
        ["https://cdn.example.com/source/a.png"],
        ["https://dcdn.example.com/source/a.png"],
    ]


def test_without_rules_every_record_is_skipped() -> None:
    body, answer = handle(opened(Settings(), StubTasks()), sample("eventbridge-list"))
    assert [(skip["key"], skip["reason"]) for skip in body["skipped"]] == [
        ("source/x.csv", "no rule"),
        ("source/a.png", "no rule"),
    ]
    assert not body["objects"]
    assert not answer.failed


def test_a_bad_rule_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        opened(Settings(rules_path=tmp_path / "nowhere.toml"), StubTasks())


def test_a_bad_record_is_told_and_is_not_worth_a_retry(handler: Callable[..., OssEventHandler]) -> None:
    body, answer = handle(handler(StubTasks()), sample("native-one-bad"))
    assert [entry["key"] for entry in body["objects"]] == ["source/a.png", "source/b.png"]
    assert [set(entry) for entry in body["failed"]] == [{"bucket", "key", "event", "reason"}]
    assert not answer.failed


def test_an_event_of_bad_records_only_has_failed(handler: Callable[..., OssEventHandler]) -> None:
    body, answer = handle(handler(StubTasks()), b'{"events": [{}, 7]}')
    assert len(body["failed"]) == 2
    assert answer.failed


@pytest.mark.parametrize("event", [b"", b"{}", b"[[", b'{"events": 1}'])
def test_a_malformed_event_fails_and_names_its_fault(handler: Callable[..., OssEventHandler], event: bytes) -> None:
    body, answer = handle(handler(StubTasks()), event)
    assert answer.failed
    assert body.pop("detail")
    assert body == {
        "type": "urn:cdn-task-status:malformed-event",
        "title": "The event is not an OSS event",
        "status": 400,
        "reason": "malformed-event",
    }


@pytest.mark.parametrize(
    ("fault", "reason", "retry"),
    [
        (nothing_answered(Reason.THROTTLED), "cdn: throttled", True),
        (nothing_answered(Reason.DENIED), "cdn: denied", False),
        (nothing_answered(Reason.DENIED, Reason.TIMEOUT), "cdn: denied, cdn: timeout", True),
        (InvalidRequest((ParameterFault(parameter="url", value="x", detail="bad"),)), "cdn: url: bad", False),
        (RuntimeError("key LTAI5tSecret"), "cdn: internal error", True),
    ],
)
def test_one_failing_object_does_not_stop_the_others(
    handler: Callable[..., OssEventHandler], fault: Exception, reason: str, retry: bool
) -> None:
    body, answer = handle(handler(failing(fault, where="/b")), puts("a", "b", "c"))
    assert [entry["key"] for entry in body["objects"]] == ["a", "c"]
    assert body["failed"] == [
        {"bucket": "testbucket", "key": "b", "event": "ObjectCreated:PutObject", "reason": reason}
    ]
    assert answer.failed is retry


def test_one_failing_product_does_not_hide_the_other(handler: Callable[..., OssEventHandler]) -> None:
    body, _ = handle(handler(failing(nothing_answered(Reason.TIMEOUT), where="dcdn"), "cdn", "dcdn"), puts("a"))
    assert [entry["urls"] for entry in body["objects"]] == [["https://cdn.example.com/a"]]
    assert len(body["failed"]) == 1


def test_objects_are_followed_together_but_only_so_many_at_once(handler: Callable[..., OssEventHandler]) -> None:
    running, most = 0, 0

    async def follow(_product: str, urls: tuple[str, ...]) -> TaskReport:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            await asyncio.sleep(0)
        running -= 1
        return report_of(*urls)

    keys = [f"k{number}" for number in range(20)]
    body, _ = handle(handler(StubTasks(follow)), puts(*keys))
    assert [entry["key"] for entry in body["objects"]] == keys
    assert most == CONCURRENCY


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(JsonLines().format(record)) for record in caplog.records if record.name == "functions"]


def test_each_record_is_one_line_of_json_in_the_log(
    handler: Callable[..., OssEventHandler], caplog: pytest.LogCaptureFixture
) -> None:
    event = json.dumps([json.loads(puts("a\nb", "bad")), json.loads(sample("native-unknown")), 7]).encode()
    with caplog.at_level(logging.INFO, "functions"):
        handle(handler(failing(RuntimeError("LTAI5tSecret"), where="/bad")), event)
    lines = logged(caplog)
    assert sorted(line["message"] for line in lines) == [
        "object-failed",
        "object-followed",
        "record-failed",
        "record-skipped",
    ]
    followed = next(line for line in lines if line["message"] == "object-followed")
    assert followed["key"] == "a\N{REPLACEMENT CHARACTER}b"
    assert followed["summary"] == json.loads(msgspec.json.encode(SUMMARY))


def test_an_unforeseen_fault_is_logged_by_kind_and_place_without_its_text(
    handler: Callable[..., OssEventHandler], caplog: pytest.LogCaptureFixture
) -> None:
    handle(handler(failing(RuntimeError("LTAI5tSecret"))), puts("a"))
    lines = json.dumps(logged(caplog))
    assert "RuntimeError" in lines
    assert "in follow" in lines
    assert "LTAI5tSecret" not in lines


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["events", "data", "oss", "bucket", "object", "name", "key", "eventName", "x"]),
            inner | st.just("ObjectCreated:PutObject"),
            max_size=4,
        )
    ),
    max_leaves=30,
)
SOUND = [path.read_bytes() for path in sorted(EVENTS.glob("*.json"))]


@st.composite
def torn(draw: st.DrawFn) -> bytes:
    """A sample with a stretch of it replaced by other bytes."""
    event = draw(st.sampled_from(SOUND))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(event))] * 2)))
    return event[:start] + draw(st.binary(max_size=8)) + event[end:]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | torn() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_make_the_door_raise(handler: Callable[..., OssEventHandler], event: bytes) -> None:
    body, answer = handle(handler(StubTasks()), event)
    assert set(body) == {"objects", "skipped", "failed"} or answer.failed


def test_every_sample_is_answered(handler: Callable[..., OssEventHandler]) -> None:
    assert SOUND
    for event in SOUND:
        body, answer = handle(handler(StubTasks()), event)
        holds_no_event = event == sample("mns-json")
        assert answer.failed is holds_no_event
        assert holds_no_event or set(body) == {"objects", "skipped", "failed"}
