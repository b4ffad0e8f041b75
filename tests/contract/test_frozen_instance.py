"""An instance that was frozen: its clocks jumped, its connections are dead, and what moved has moved on unseen."""

from __future__ import annotations

import asyncio
import time

from emulator.testing import Emulator, Transition
from functions.model import Moment
from functions.settings import read_settings
from functions.tasks.wiring import build_service
from functions.upstream.credentials import CredentialSource
from tests.support.real_service import KEY, environment_of, query_of


class SkippingClock:
    """The machine's clocks, moved on by what was slept through; the monotonic one may have stood still."""

    def __init__(self) -> None:
        self.skipped = Moment(0.0, 0.0)

    def now(self) -> Moment:
        return Moment(time.time() + self.skipped.wall, time.monotonic() + self.skipped.mono)


def looks_around_a_freeze(emu: Emulator, skipped: Moment) -> tuple[str, str, bool]:
    """Status before and after, and whether the first answer after the thaw had a problem."""
    task_id = emu.tasks.add("cdn", ["http://example.com/"], transition=Transition(by="reads", length=1), age=120)
    settings = read_settings(environment_of(emu, fresh_seconds=60))
    clock = SkippingClock()

    async def main() -> tuple[str, str, bool]:
        service = build_service(settings, CredentialSource(KEY), clock)
        before = (await service.lookup(query_of(f"cdn:{task_id}"))).report
        clock.skipped = skipped
        emu.drop_connections()
        after = (await service.lookup(query_of(f"cdn:{task_id}"))).report
        await service.close()
        return before.tasks[0].status, after.tasks[0].status, bool(after.problems)

    return asyncio.run(main())


def test_after_a_minute_s_freeze_the_answer_is_fresh_and_right(emu: Emulator) -> None:
    before, after, trouble = looks_around_a_freeze(emu, Moment(60.0, 60.0))
    assert before in {"pending", "running"}
    assert (after, trouble) == ("complete", False)


def test_a_monotonic_clock_that_stood_still_hides_no_freeze(emu: Emulator) -> None:
    _, after, trouble = looks_around_a_freeze(emu, Moment(60.0, 0.0))
    assert (after, trouble) == ("complete", False)


def test_without_a_freeze_the_setting_holds(emu: Emulator) -> None:
    before, after, _ = looks_around_a_freeze(emu, Moment(5.0, 5.0))
    assert after == before
