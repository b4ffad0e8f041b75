"""OSS in trouble, in the call log, and by the control API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import alibabacloud_oss_v2 as oss
import httpx
import msgspec
import pytest

from emulator.testing import (
    AccessKey,
    Delivery,
    Emulator,
    Refuse,
    Reset,
    Slow,
    Text,
    Throttle,
    Truncate,
)
from tests.emulator.events.function_host import running_function
from tests.emulator.oss.clients import client, put, read, refusal
from tests.support.eventually import eventually


@pytest.fixture(autouse=True)
def _bucket(emu: Emulator) -> None:
    emu.oss.create_bucket("pics")


def control(emu: Emulator, method: str, path: str, body: object = None) -> Any:
    """The answer's JSON, None for an empty one."""
    content = None if body is None else msgspec.json.encode(body)
    answer = httpx.request(method, f"{emu.url}/_emulator/{path}", content=content, trust_env=False)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def test_a_refusal_comes_in_the_words_of_oss_and_nothing_is_done(emu: Emulator) -> None:
    emu.faults.add("PutObject", Refuse(code="AccessDenied", status=403), times=1)
    assert refusal(lambda: put(emu, "pics", "a")) == (403, "AccessDenied")
    assert emu.oss.keys("pics") == ()
    put(emu, "pics", "a")
    assert emu.oss.keys("pics") == ("a",)


def test_throttling_is_a_503_of_oss(emu: Emulator) -> None:
    emu.faults.add("oss", Throttle())
    assert refusal(lambda: put(emu, "pics", "a")) == (503, "QpsLimitExceeded")
    assert refusal(lambda: client(emu).head_object(oss.HeadObjectRequest(bucket="pics", key="a")))[0] == 503


@pytest.mark.parametrize(("when", "done"), [("before-work", ()), ("before-answer", ("a",)), ("mid-answer", ("a",))])
def test_a_reset_leaves_open_what_was_done(emu: Emulator, when: Any, done: tuple[str, ...]) -> None:
    emu.faults.add("PutObject", Reset(when=when), times=1)
    with pytest.raises(oss.exceptions.OperationError):
        put(emu, "pics", "a")
    assert emu.oss.keys("pics") == done
    assert [event.key for event in emu.oss.events] == list(done)


def test_a_cut_body_is_noticed_and_a_page_of_a_proxy_is_no_xml(emu: Emulator) -> None:
    emu.oss.put("pics", "a", "0123456789")
    emu.faults.add("GetObject", Truncate(keep=0.5), times=1)
    with pytest.raises(Exception, match=r"(?i)read|incomplete|broken"):
        read(emu, "pics", "a")
    emu.faults.add("GetObject", Text(), times=1)
    assert refusal_status(emu) == 502


def refusal_status(emu: Emulator) -> int:
    with pytest.raises(oss.exceptions.OperationError) as caught:
        read(emu, "pics", "a")
    return int(caught.value.unwrap().status_code)


def test_an_answer_can_be_late(emu: Emulator) -> None:
    emu.faults.add("PutObject", Slow(delay=300))
    emu.latency.set("oss", 300)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(put, emu, "pics", "a")
        eventually(lambda: emu.oss.keys("pics"))
        assert not answer.done()
        emu.faults.clear()
        emu.latency.clear()
        emu.drop_connections()


def test_every_call_is_in_the_log(emu: Emulator) -> None:
    put(emu, "pics", "a", forbid_overwrite=True)
    assert refusal(lambda: put(emu, "pics", "a", forbid_overwrite=True))[0] == 409
    client(emu).list_objects_v2(oss.ListObjectsV2Request(bucket="pics", prefix="a"))
    emu.faults.add("GetObject", Reset(), times=1)
    with pytest.raises(oss.exceptions.OperationError):
        read(emu, "pics", "a")
    told = {"bucket": "pics", "key": "a", "forbidOverwrite": "true"}
    first, second, third, fourth = emu.calls.of("oss")
    assert (first.action, first.params, first.status, first.code) == ("PutObject", told, 200, "")
    assert (second.params, second.status, second.code) == (told, 409, "FileAlreadyExists")
    assert third.action == "ListObjectsV2"
    assert (third.params["prefix"], third.params["bucket"]) == ("a", "pics")
    assert (fourth.action, fourth.status, fourth.account) == ("GetObject", 0, "emulator")


def test_an_upload_in_one_line_of_curl_needs_no_signature(emu: Emulator) -> None:
    control(emu, "POST", "buckets", {"name": "demo", "publicWrite": True})
    answer = httpx.put(f"{emu.url}/demo/img/a b.png", content=b"x" * 2_000_000, trust_env=False)
    assert answer.status_code == 200
    assert emu.oss.keys("demo") == ("img/a b.png",)


def test_buckets_rules_and_timers_can_be_set_up_over_http(emu: Emulator) -> None:
    with running_function() as function:
        control(emu, "POST", "buckets", {"name": "kept", "versioning": "Enabled"})
        rule = {"bucket": "kept", "url": function.url, "prefix": "img/"}
        assert len(control(emu, "POST", "notifications", rule)["ruleId"]) == 40
        control(emu, "PUT", "delivery", {"copies": [2, 2]})
        emu.oss.put("kept", "img/a", "x")
        control(emu, "POST", "timers", {"url": function.url, "seconds": 0.01})
        assert function.reached(3, 5)
        control(emu, "DELETE", "timers")
        emu.oss.settle()
        assert control(emu, "POST", "events/redeliver") == {"events": 1}
        emu.oss.settle()
    assert {"name": "kept", "versioning": "Enabled"}.items() <= control(emu, "GET", "buckets")[-1].items()
    assert [event["key"] for event in control(emu, "GET", "events")] == ["img/a"]
    kinds = [attempt["kind"] for attempt in control(emu, "GET", "deliveries")]
    assert (kinds.count("oss"), "timer" in kinds) == (4, True)
    assert control(emu, "GET", "delivery")["copies"] == [2, 2]


def test_credentials_of_deliveries_are_not_shown(emu: Emulator) -> None:
    emu.oss.delivery = Delivery(credentials=AccessKey("id", "secret"))
    assert control(emu, "GET", "delivery")["credentials"] is None


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("notifications", {"bucket": "nowhere", "url": "http://127.0.0.1:1"}, 404),
        ("buckets", {"name": "x", "versioning": "Sometimes"}, 400),
        ("buckets", {"nome": "x"}, 400),
        ("events/forget", {}, 404),
    ],
)
def test_a_command_that_cannot_be_is_refused(emu: Emulator, path: str, body: object, status: int) -> None:
    answer = httpx.post(f"{emu.url}/_emulator/{path}", content=msgspec.json.encode(body), trust_env=False)
    assert (answer.status_code, "error" in answer.json()) == (status, True)
