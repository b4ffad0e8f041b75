"""The time the caller allows, for everything together."""

from __future__ import annotations

import time
from typing import Protocol

from cdn_task_status_cli.faults import TimeOut


class Clock(Protocol):
    """What tests replace."""

    def monotonic(self) -> float:
        """Seconds since some moment."""

    def sleep(self, seconds: float, /) -> None:
        """Let so many seconds pass."""


class SystemClock:
    """The machine's."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float, /) -> None:
        """Let so many seconds pass."""
        time.sleep(seconds)


class Deadline:
    """A moment after which nothing is begun any more."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        """It is `seconds` from now."""
        self.seconds = seconds
        self._clock = clock
        self._end = clock.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds that are left. Raises TimeOut when there are none."""
        left = self._end - self._clock.monotonic()
        if left <= 0:
            raise TimeOut(f"not over within {self.seconds:g} s")
        return left

    def pause(self, seconds: float) -> None:
        """Sleep, but not beyond the end. Raises TimeOut when it has come."""
        self._clock.sleep(min(seconds, self.remaining()))
        self.remaining()

    def within(self, seconds: float) -> Deadline:
        """The sooner of this one and one `seconds` from now."""
        return Deadline(min(seconds, self._end - self._clock.monotonic()), self._clock)
