"""The events function as it runs, against the emulator's OSS, its notifications and its timer."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator.testing import Delivery, Emulator, running_emulator
from functions.events.timings import Timings
from tests.support.events_process import ROOT, server_process
from tests.support.free_port import free_port
from tests.support.oss_real_process import (
    RULES,
    events_environment,
    hold_to_the_promise,
    play_killed,
    real_events_function,
    submissions,
    sweep_until_over,
)
from tests.support.samples import event_sample

OBJECTS, UPLOAD_SECONDS, MOST_CALLS = 1_000, 5.0, 12
HANDLER = "import sys; from functions.handlers import oss; [print(oss(line, None)) for line in sys.stdin.buffer]"
_EACH_ITS_OWN = {"claimedAt", "claimedBy", "nonce", "report"}
CONTROL = {"x-fc-control-path": "/invoke"}


@pytest.mark.timeout(600)  # on a busy machine the deliveries alone take minutes
def test_a_thousand_objects_in_five_seconds_are_each_submitted_once_in_a_dozen_calls(tmp_path: Path) -> None:
    keys = [f"img/{number}.jpg" for number in range(OBJECTS)]
    # A gap of the machine's own making must not end a burst.
    timings = Timings(close=1.0, quiet=1.0)
    with running_emulator(samples=False) as emu:
        emu.oss.delivery = Delivery(copies=(1, 3), spread=2.0, seed=7, retries=20)
        with real_events_function(emu, tmp_path / "rules.toml", timings) as process:
            began = time.monotonic()
            for number, key in enumerate(keys):
                time.sleep(max(began + number / OBJECTS * UPLOAD_SECONDS - time.monotonic(), 0))
                emu.oss.put("pics", key, b"1")
            emu.oss.settle(300)
            took = time.monotonic() - began
            sweep_until_over(emu, process)
        assert len(submissions(emu)) <= max(MOST_CALLS, 2 * took / timings.hold)
        hold_to_the_promise(emu, keys)
        assert [call for call in emu.calls.all() if call.status in {429, 503} or "Throttling" in call.code] == []
        assert not any(attempt.failed for attempt in emu.oss.deliveries)


def test_killed_at_any_moment_it_loses_nothing_and_repeats_at_most_one_call(tmp_path: Path) -> None:
    seeds = range(2)
    with ThreadPoolExecutor(len(seeds)) as pool:
        list(pool.map(lambda seed: play_killed(seed, tmp_path), seeds))


def test_both_runtimes_come_to_the_same_outcome(emu: Emulator, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES.replace("pics", "testbucket"))
    emu.oss.create_bucket("kept")
    samples = ("native-put", "native-delete", "native-awkward-key", "native-unknown", "eventbridge-list", "fc-timer")
    events = [json.dumps(json.loads(event_sample(name))).encode() for name in samples]
    events += [b'{"events": 1}', events[0]]
    built_in = events_environment(emu, rules, store="oss://kept/built-in")
    custom = events_environment(emu, rules, store="oss://kept/custom")
    answers = _by_handler(built_in, events[:-2]), _by_server(custom, events[:-2])
    assert answers[0] == answers[1]
    assert _kept(emu, "built-in") == _kept(emu, "custom")
    assert len(emu.oss.keys("kept", "custom/objects/")) == 3


def _by_handler(environment: dict[str, str], events: list[bytes]) -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-c", HANDLER],
        input=b"\n".join(events),
        env={**os.environ, **environment, "TASK_STATUS_LOG_LEVEL": "ERROR"},
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )
    return [_masked(line) for line in done.stdout.splitlines()]


def _by_server(environment: dict[str, str], events: list[bytes]) -> list[Any]:
    with server_process(free_port(), environment) as process, httpx.Client(trust_env=False, timeout=60) as client:
        answers = [client.post(f"{process.url}/invoke", content=event, headers=CONTROL) for event in events]
    return [_masked(answer.content) for answer in answers]


def _masked(body: bytes) -> Any:
    """Without the ids of tasks, which are others for each submission, and the versions that depend on them."""
    return json.loads(re.sub(rb'"version":"[0-9a-f]+"', b'"version":""', re.sub(rb"cdn:\d+", b"cdn:ID", body)))


def _kept(emu: Emulator, prefix: str) -> list[tuple[str, Any]]:
    """What is kept, without what tells one claim from another."""
    found = []
    for key in emu.oss.keys("kept", f"{prefix}/"):
        body = json.loads(emu.oss.get("kept", key) or b"{}")
        for action in body.get("actions", ()):
            action |= {"taskIds": len(action.get("taskIds", ())), "status": None}
        members = {name: value for name, value in body.items() if name not in _EACH_ITS_OWN}
        found.append((key.partition("/")[2], members))
    return found
