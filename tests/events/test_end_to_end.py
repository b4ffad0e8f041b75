"""The events function as it runs, against the emulator's OSS, its notifications and its timer."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from emulator.testing import Emulator
from tests.support.events_process import ROOT, server_process
from tests.support.free_port import free_port
from tests.support.oss_real_process import (
    RULES,
    events_environment,
    play_burst,
    play_killed,
)
from tests.support.samples import event_sample

HANDLER = "import sys; from functions.handlers import oss; [print(oss(line, None)) for line in sys.stdin.buffer]"
_EACH_ITS_OWN = {"claimedAt", "claimedBy", "nonce", "report", "start", "end"}
CONTROL = {"x-fc-control-path": "/invoke"}


def test_many_objects_at_once_are_each_submitted_once_in_few_calls(tmp_path: Path) -> None:
    play_burst(150, tmp_path)


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
