"""Notices that the instance was frozen, or that nobody asked for long: both leave dead connections behind."""

from __future__ import annotations

from collections.abc import Callable

from functions.model import Clock

GAP_SECONDS = 30.0


class FreezeDetector:
    """Calls `thawed` when more than 30 s lie between two ticks; every question ticks (design part 2)."""

    def __init__(self, clock: Clock, thawed: Callable[[], None]) -> None:
        """The first tick never counts as a gap."""
        self._clock = clock
        self._thawed = thawed
        self._last = clock.now()

    def tick(self) -> None:
        """Note that the loop runs."""
        now = self._clock.now()
        if self._last.age_at(now) > GAP_SECONDS:
            self._thawed()
        self._last = now
