"""An instance that was frozen or idle is noticed by the time between two requests."""

from __future__ import annotations

from functions.model import Moment
from functions.upstream.freeze import FREEZE_SECONDS, FreezeDetector

BEGIN = Moment(wall=1_790_000_000.0, mono=100.0)


class Clock:
    def __init__(self) -> None:
        self.at = BEGIN

    def now(self) -> Moment:
        return self.at


class Ticks:
    """A detector that started at the beginning, and how often it has called."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.thaws = 0
        self._detector = FreezeDetector(self.clock, self._thawed)

    def _thawed(self) -> None:
        self.thaws += 1

    def tick(self, at: Moment) -> int:
        self.clock.at = at
        self._detector.tick()
        return self.thaws


def test_a_pause_longer_than_half_a_minute_is_a_freeze_and_a_shorter_one_is_not() -> None:
    assert FREEZE_SECONDS == 30.0
    assert Ticks().tick(BEGIN.later(30.0)) == 0
    assert Ticks().tick(BEGIN.later(30.1)) == 1


def test_the_pause_is_counted_from_the_request_before() -> None:
    ticks = Ticks()
    assert [ticks.tick(BEGIN.later(seconds)) for seconds in (20, 40, 60, 80, 120, 140)] == [0, 0, 0, 0, 1, 1]


def test_a_monotonic_clock_that_stood_still_hides_no_freeze() -> None:
    assert Ticks().tick(Moment(BEGIN.wall + 60, BEGIN.mono)) == 1
