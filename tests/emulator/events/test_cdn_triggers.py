"""A finished task of CDN invokes a function, as the trigger `cdn_events` does."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from emulator.testing import Emulator, ManualClock, Row, Transition
from tests.emulator.events.function_host import Function

SECONDS = Transition(by="seconds", length=10)


def trigger(emu: Emulator, function: Function, name: str = "CachedObjectsRefreshed", *domains: str) -> None:
    told = {"url": function.url, "eventName": name, "domains": domains or ["example.com"]}
    answer = httpx.post(f"{emu.url}/_emulator/cdn-triggers", content=msgspec.json.encode(told), trust_env=False)
    assert answer.status_code == 204


def test_the_function_is_told_of_a_task_once_it_has_finished(
    still: Emulator, clock: ManualClock, function: Function
) -> None:
    still.tasks.add("cdn", ["http://example.com/old"])
    trigger(still, function)
    task_id = still.tasks.add("cdn", [Row("http://example.com/a?b=c"), Row("http://example.com/")], transition=SECONDS)
    other = still.tasks.add("cdn", ["http://example.com/now"])
    assert function.reached(1, 5)
    clock.advance(11)
    assert function.reached(2, 5)
    still.oss.settle()
    first, second = [invocation.event["events"][0] for invocation in function.invocations]
    assert first["eventParameter"]["taskId"] == int(other)
    assert (second["eventName"], second["eventSource"], second["resource"]) == (
        "CachedObjectsRefreshed", "cdn", {"domain": "example.com"},
    )  # fmt: skip
    parameter = second["eventParameter"]
    assert parameter["taskId"] == int(task_id)
    assert parameter["objectPath"] == ["/a?b=c", "/"]
    assert parameter["completeTime"] == int(clock.now())
    assert parameter["objectType"] == "File"


def test_a_trigger_has_one_event_and_its_domains(emu: Emulator, function: Function) -> None:
    trigger(emu, function, "CachedObjectsPushed", "a.example.com")
    emu.tasks.add("cdn", ["http://a.example.com/refreshed"])
    emu.tasks.add("cdn", ["http://b.example.com/pushed"], object_type="preload")
    emu.tasks.add("dcdn", ["http://a.example.com/pushed"], object_type="preload")
    pushed = emu.tasks.add("cdn", ["http://a.example.com/pushed"], object_type="preload")
    assert function.reached(1, 5)
    emu.oss.settle()
    assert [attempt.key for attempt in emu.oss.deliveries] == [pushed]


@pytest.mark.parametrize("wrong", [{"eventName": "Other"}, {"domains": "example.com"}, {"unknown": 1}])
def test_a_trigger_that_cannot_be_is_refused(emu: Emulator, wrong: dict[str, object]) -> None:
    told = {"url": "http://127.0.0.1:9", "eventName": "CachedObjectsPushed", "domains": ["a"], **wrong}
    answer = httpx.post(f"{emu.url}/_emulator/cdn-triggers", content=msgspec.json.encode(told), trust_env=False)
    assert answer.status_code == 400
