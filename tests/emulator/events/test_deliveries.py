"""What Function Compute's triggers would do, done by the emulator."""

from __future__ import annotations

import socket
from collections import Counter

import alibabacloud_oss_v2 as oss
import pytest

from emulator.testing import AccessKey, Delivery, Emulator, ManualClock
from tests.emulator.events.function_host import Function
from tests.emulator.oss.clients import AWKWARD, client, put


@pytest.fixture(autouse=True)
def _bucket(emu: Emulator) -> None:
    emu.oss.create_bucket("pics")


def test_an_upload_invokes_the_function_with_the_native_event(emu: Emulator, function: Function) -> None:
    rule_id = emu.oss.notify("pics", function.url)
    emu.oss.put("pics", AWKWARD, "12", event=None)
    stored = put(emu, "pics", AWKWARD, b"12345")
    emu.oss.settle()
    (invocation,) = function.invocations
    assert invocation.path == "/invoke"
    assert invocation.headers["x-fc-control-path"] == "/invoke"
    assert invocation.headers["content-type"] == "application/octet-stream"
    assert "x-fc-access-key-id" not in invocation.headers
    (record,) = invocation.event["events"]
    assert record["eventName"] == "ObjectCreated:PutObject"
    assert record["eventSource"] == "acs:oss"
    assert record["oss"]["bucket"]["name"] == "pics"
    assert record["oss"]["ruleId"] == rule_id
    tag = stored.etag.strip('"')
    assert record["oss"]["object"] == {"deltaSize": 3, "eTag": tag, "key": AWKWARD, "size": 5}
    assert record["responseElements"]["requestId"] == stored.request_id


def test_the_time_of_an_event_is_the_emulators_in_whole_seconds(
    still: Emulator, clock: ManualClock, function: Function
) -> None:
    still.oss.create_bucket("pics")
    still.oss.notify("pics", function.url)
    clock.advance(1_800_000_000.25 - clock.now())
    still.oss.put("pics", "a", "x")
    still.oss.settle()
    assert function.invocations[0].event["events"][0]["eventTime"] == "2027-01-15T08:00:00.000Z"


def test_each_way_to_change_an_object_has_its_name(emu: Emulator, function: Function) -> None:
    emu.oss.notify("pics", function.url, events=("oss:Object*",))
    sdk = client(emu)
    put(emu, "pics", "a")
    sdk.copy_object(oss.CopyObjectRequest(bucket="pics", key="b", source_key="a"))
    sdk.delete_object(oss.DeleteObjectRequest(bucket="pics", key="a"))
    gone = [oss.DeleteObject(key="b"), oss.DeleteObject(key="never there")]
    sdk.delete_multiple_objects(oss.DeleteMultipleObjectsRequest(bucket="pics", objects=gone))
    emu.oss.put("pics", "c", "x", event="ObjectCreated:PostObject")
    emu.oss.settle()
    assert [(event.name, event.key) for event in emu.oss.events] == [
        ("ObjectCreated:PutObject", "a"),
        ("ObjectCreated:CopyObject", "b"),
        ("ObjectRemoved:DeleteObject", "a"),
        ("ObjectRemoved:DeleteObjects", "b"),
        ("ObjectCreated:PostObject", "c"),
    ]
    assert sorted(function.keys) == ["a", "a", "b", "b", "c"]


def test_a_delete_marker_tells_nobody(emu: Emulator) -> None:
    emu.oss.create_bucket("kept", "Enabled")
    emu.oss.put("kept", "a", "x")
    emu.oss.delete("kept", "a")
    assert [event.name for event in emu.oss.events] == ["ObjectCreated:PutObject"]


def test_a_rule_speaks_of_its_bucket_events_prefix_and_suffix(emu: Emulator, function: Function) -> None:
    emu.oss.create_bucket("other")
    emu.oss.notify("pics", function.url, events=("ObjectCreated:*",), prefix="img/", suffix=".png")
    for bucket, key in [("pics", "img/a.png"), ("pics", "img/a.jpg"), ("pics", "a.png"), ("other", "img/b.png")]:
        emu.oss.put(bucket, key, "x")
    emu.oss.delete("pics", "img/a.png")
    emu.oss.settle()
    assert function.keys == ["img/a.png"]


def test_a_failed_invocation_is_repeated_three_times_under_one_request_id(emu: Emulator, function: Function) -> None:
    emu.oss.notify("pics", function.url)
    function.failures = 99
    emu.oss.put("pics", "a", "x")
    emu.oss.settle()
    assert len(function.invocations) == 4
    assert len({each.request_id for each in function.invocations}) == 1
    assert len({each.body for each in function.invocations}) == 1
    assert [(each.attempt, each.failed, each.status) for each in emu.oss.deliveries] == [
        (attempt, True, 200) for attempt in range(4)
    ]


def test_a_repeated_invocation_that_succeeds_is_the_last(emu: Emulator, function: Function) -> None:
    emu.oss.notify("pics", function.url)
    function.failures, function.hang_up = 1, 1
    emu.oss.put("pics", "a", "x")
    emu.oss.settle()
    assert [(each.status, each.failed) for each in emu.oss.deliveries] == [(0, True), (200, False)]
    assert emu.oss.deliveries[-1].answer == b"{}"


def test_a_500_alone_counts_as_success(emu: Emulator, function: Function) -> None:
    emu.oss.notify("pics", function.url)
    function.status = 500
    emu.oss.put("pics", "a", "x")
    emu.oss.settle()
    assert [(each.status, each.failed) for each in emu.oss.deliveries] == [(500, False)]


def test_a_function_that_is_not_there_is_tried_and_given_up(emu: Emulator) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        emu.oss.notify("pics", f"http://127.0.0.1:{taken.getsockname()[1]}")
        emu.oss.delivery = Delivery(retries=1, retry_delay=0.0)
        emu.oss.put("pics", "a", "x")
        emu.oss.settle()
    assert [each.status for each in emu.oss.deliveries] == [0, 0]


def test_copies_arrive_in_the_number_and_disorder_asked_for(emu: Emulator, function: Function) -> None:
    emu.oss.notify("pics", function.url)
    emu.oss.delivery = Delivery(copies=(1, 3), spread=0.2, seed=3, at_once=1)
    keys = [f"{number:03}" for number in range(60)]
    for key in keys:
        emu.oss.put("pics", key, "x")
    emu.oss.settle()
    counts = Counter(function.keys)
    assert set(counts) == set(keys)
    assert set(counts.values()) == {1, 2, 3}
    first_seen = list(dict.fromkeys(function.keys))
    assert first_seen != keys
    assert len({each.request_id for each in function.invocations}) == counts.total()


def test_without_a_spread_one_after_the_other_arrives_in_order(emu: Emulator, function: Function) -> None:
    emu.oss.notify("pics", function.url)
    emu.oss.delivery = Delivery(at_once=1)
    keys = [f"{number:03}" for number in range(20)]
    for key in keys:
        emu.oss.put("pics", key, "x")
    emu.oss.settle()
    assert function.keys == keys


def test_plans_that_make_no_sense_are_refused(emu: Emulator) -> None:
    with pytest.raises(ValueError, match="copies"):
        Delivery(copies=(0, 1))
    with pytest.raises(ValueError, match="seconds"):
        emu.oss.timer("http://127.0.0.1:9", 0)


def test_everything_can_be_delivered_again(emu: Emulator, function: Function) -> None:
    emu.oss.put("pics", "before the rule", "x")
    emu.oss.notify("pics", function.url)
    emu.oss.put("pics", "after", "x")
    assert emu.oss.redeliver() == 2
    emu.oss.settle()
    assert sorted(function.keys) == ["after", "after", "before the rule"]


def test_a_target_has_no_more_invocations_open_than_allowed(emu: Emulator, function: Function) -> None:
    emu.oss.notify("pics", function.url)
    emu.oss.delivery = Delivery(at_once=3)
    function.hold.clear()
    for number in range(9):
        emu.oss.put("pics", str(number), "x")
    with pytest.raises(TimeoutError, match="9 deliveries"):
        emu.oss.settle(0.2)
    assert function.open == 3
    function.hold.set()
    emu.oss.settle()
    assert (function.most_open, len(function.invocations)) == (3, 9)


def test_credentials_travel_as_function_compute_sends_them(emu: Emulator, function: Function) -> None:
    emu.oss.notify("pics", function.url)
    emu.oss.delivery = Delivery(credentials=AccessKey("STS.1", "secret", token="token"))
    emu.oss.put("pics", "a", "x")
    emu.oss.settle()
    headers = function.invocations[0].headers
    names = ("x-fc-access-key-id", "x-fc-access-key-secret", "x-fc-security-token")
    assert [headers[name] for name in names] == ["STS.1", "secret", "token"]


def test_a_tick_has_the_timers_three_members(still: Emulator, clock: ManualClock, function: Function) -> None:
    clock.advance(1_800_000_000 - clock.now())
    still.oss.tick(function.url)
    still.oss.settle()
    expected = {"triggerTime": "2027-01-15T08:00:00Z", "triggerName": "sweep", "payload": "sweep"}
    assert function.invocations[0].event == expected
    assert [(each.kind, each.key) for each in still.oss.deliveries] == [("timer", "sweep")]


def test_a_timer_ticks_until_it_is_stopped_and_never_twice_at_once(emu: Emulator, function: Function) -> None:
    function.hold.clear()
    emu.oss.timer(function.url, 0.02)
    with pytest.raises(TimeoutError):
        _wait_for(function, 2)
    assert function.open == 1
    function.hold.set()
    _wait_for(function, 3)
    emu.oss.stop_timers()
    emu.oss.settle()
    ticked = len(function.invocations)
    assert function.most_open == 1
    with pytest.raises(TimeoutError):
        _wait_for(function, ticked + 1)


def _wait_for(function: Function, count: int) -> None:
    """Until that many invocations have come. Raises TimeoutError after 0.2 s."""
    if not function.reached(count, 0.2):
        raise TimeoutError


def test_reset_forgets_rules_and_what_is_under_way(emu: Emulator, function: Function) -> None:
    emu.oss.notify("pics", function.url)
    emu.oss.delivery = Delivery(retries=50, retry_delay=0.05)
    function.failures = 99
    emu.oss.put("pics", "a", "x")
    emu.reset()
    emu.oss.settle()
    assert (emu.oss.deliveries, emu.oss.events, emu.oss.buckets.all()) == ((), (), ())
    assert emu.oss.delivery == Delivery()
