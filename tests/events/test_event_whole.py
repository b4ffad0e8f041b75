from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from emulator.testing import Delivery, Emulator, running_emulator
from tests.support.real_door import (
    REFRESH,
    hold_to_the_promise,
    play_killed,
    real_door,
    submissions,
    sweep_until_over,
)

UPLOAD_SECONDS = 5.0


def test_a_thousand_objects_in_five_seconds_are_each_submitted_once_in_a_dozen_calls(tmp_path: Path) -> None:
    keys = [f"img/{number}.jpg" for number in range(1_000)]
    with running_emulator(samples=False) as emu:
        emu.oss.delivery = Delivery(copies=(1, 3), spread=2.0, seed=7, retries=20)
        with real_door(emu, tmp_path / "rules.toml") as process:
            began = time.monotonic()
            for number, key in enumerate(keys):
                time.sleep(max(began + number / len(keys) * UPLOAD_SECONDS - time.monotonic(), 0))
                emu.oss.put("pics", key, b"1")
            emu.oss.settle(60)
            print("delivered", time.monotonic() - began, len(emu.oss.deliveries), len(submissions(emu)))
            sweep_until_over(emu, process)
            print("over", time.monotonic() - began)
        assert len(submissions(emu)) <= 12
        hold_to_the_promise(emu, keys)
        throttled = [call for call in emu.calls.all() if call.status in {429, 503} or "Throttling" in call.code]
        assert throttled == []
        assert not any(attempt.failed for attempt in emu.oss.deliveries)
        print(len(emu.calls.of("oss")))
        assert 0


def test_killed_at_any_moment_it_loses_nothing_and_repeats_at_most_one_call(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda seed: play_killed(seed, tmp_path), range(3)))
    assert 0
