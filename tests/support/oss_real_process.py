"""The events function in a process of its own: the emulator with its buckets and notifications, and the real SDKs."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from emulator.testing import Delivery, Emulator, Transition, running_emulator
from functions.events.change import ChangeRecord
from functions.events.timings import Timings
from tests.support.events_process import FunctionProcess, events_process
from tests.support.free_port import free_port
from tests.support.real_service import KEY, environment_of

RULES = """
[[rule]]
bucket = "pics"
product = "cdn"
url = "http://img.example.com/{key}"
created = ["refresh"]
removed = ["refresh"]
"""
STORE = "oss://kept/status"
REFRESH = "RefreshObjectCaches"
IMPATIENT = Timings(owner=1.0, hold=1.0, recover=4.0, close=4.0, sweep=20.0)
"""For deadlines of a second: what is handed in on time is over long before its claim may be recovered."""
_OVER_SECONDS = 240.0
_OBJECTS_PER_SECOND = 200
_MOST_CALLS = 12


def url(key: str) -> str:
    return f"http://img.example.com/{key}"


def events_environment(emu: Emulator, rules: Path, **settings: Any) -> dict[str, str]:
    """What the events function needs to run against `emu`."""
    members = {"oss_endpoint": emu.url, "store": STORE, "submit": "on", "rules": rules, "products": "cdn", **settings}
    return {**KEY, **environment_of(emu, **members)}


@contextmanager
def real_events_function(emu: Emulator, rules: Path, timings: Timings, **settings: Any) -> Iterator[FunctionProcess]:
    """Buckets, their notification, and the process that gets it."""
    rules.write_text(RULES)
    emu.oss.create_bucket("pics")
    emu.oss.create_bucket("kept")
    emu.tasks.submit_transition = Transition(by="seconds", length=1.0)
    with events_process(free_port(), events_environment(emu, rules, **settings), timings) as process:
        emu.oss.notify("pics", process.url)
        yield process


def sweep_until_over(emu: Emulator, process: FunctionProcess) -> None:
    """Ticks of the timer until nothing is under way."""
    give_up = time.monotonic() + _OVER_SECONDS
    while emu.oss.keys("kept", "status/pending/"):
        assert time.monotonic() < give_up, "something is never over"
        emu.oss.tick(process.url)
        emu.oss.settle(_OVER_SECONDS)
        time.sleep(0.5)


def documents(emu: Emulator) -> dict[str, ChangeRecord]:
    """What is kept, by the objects' keys."""
    bodies = (emu.oss.get("kept", key) for key in emu.oss.keys("kept", "status/objects/"))
    records = [msgspec.json.decode(body or b"", type=ChangeRecord) for body in bodies]
    return {record.key: record for record in records}


def submissions(emu: Emulator) -> list[list[str]]:
    """The URLs of each submit call that was let through, in order."""
    return [call.params["ObjectPath"].split("\n") for call in emu.calls.of(REFRESH) if call.status in {0, 200}]


def hold_to_the_promise(emu: Emulator, keys: Iterable[str], kills: Iterable[float] = ()) -> None:
    """No URL lost; none twice but for the one call in flight at each kill; every document final and right."""
    counts = Counter(each for call in submissions(emu) for each in call)
    assert counts.keys() == {url(key) for key in keys}, "a URL is lost, or was never asked for"
    spared: set[str] = set()
    for killed in kills:
        before = [call for call in emu.calls.of(REFRESH) if call.at <= killed + 0.5]
        spared.update(before[-1].params["ObjectPath"].split("\n") if before else ())
    assert {each for each, count in counts.items() if count > 1} <= spared, "a URL is submitted twice"
    kept = documents(emu)
    assert kept.keys() == set(keys)
    for record in kept.values():
        (action,) = record.actions
        assert (record.outcome, action.status, action.object_path) == ("succeeded", "complete", url(record.key))
        assert record.report is not None
        shown = [row.object_path for task in record.report.tasks for row in task.objects]
        assert set(shown) == {action.object_path}
        assert record.report.summary.outcome == "succeeded"


def play_burst(objects: int, folder: Path) -> None:
    """Objects come at 200 a second, and their events late, twice and in any order: each is submitted once.

    The calls are few: a thousand objects need a dozen.
    """
    seconds = objects / _OBJECTS_PER_SECOND
    keys = [f"img/{number}.jpg" for number in range(objects)]
    # A gap of the machine's own making must not end a burst.
    timings = Timings(close=1.0, quiet=1.0)
    with running_emulator(samples=False) as emu:
        emu.oss.delivery = Delivery(copies=(1, 3), spread=2.0, seed=7, retries=20)
        with real_events_function(emu, folder / "rules.toml", timings) as process:
            began = time.monotonic()
            for number, key in enumerate(keys):
                time.sleep(max(began + number / objects * seconds - time.monotonic(), 0))
                emu.oss.put("pics", key, b"1")
            emu.oss.settle(300)
            took = time.monotonic() - began
            sweep_until_over(emu, process)
        assert len(submissions(emu)) <= max(_MOST_CALLS, 2 * took / timings.hold)
        hold_to_the_promise(emu, keys)
        assert [call for call in emu.calls.all() if call.status in {429, 503} or "Throttling" in call.code] == []
        assert not any(attempt.failed for attempt in emu.oss.deliveries)


def play_killed(seed: int, folder: Path) -> float:
    """Objects change in clumps, and the process is killed at a random moment; the seconds until the kill."""
    rng = random.Random(seed)
    keys = [f"{seed}/{number}.jpg" for number in range(rng.randint(5, 60))]
    with running_emulator(samples=False) as emu:
        emu.oss.delivery = Delivery(copies=(1, 3), spread=0.4, seed=seed, retries=200, retry_delay=0.1)
        with real_events_function(
            emu, folder / f"rules-{seed}.toml", IMPATIENT, deadline_seconds=1, keep_quota=0
        ) as process:
            began = time.monotonic()
            kill_after = rng.uniform(0.0, 2.0)
            clumps = sorted(rng.uniform(0, 1.0) for _ in range(rng.randint(1, 4)))
            for at, clump in zip(clumps, _dealt(keys, len(clumps)), strict=True):
                time.sleep(max(began + min(at, kill_after) - time.monotonic(), 0))
                for key in clump:
                    emu.oss.put("pics", key, b"1")
            time.sleep(max(began + kill_after - time.monotonic(), 0))
            process.kill()
            killed = emu.clock.now()
            process.start()
            emu.oss.settle(60)
            sweep_until_over(emu, process)
            hold_to_the_promise(emu, keys, [killed])
            return kill_after


def _dealt(keys: list[str], count: int) -> list[list[str]]:
    return [keys[number::count] for number in range(count)]
