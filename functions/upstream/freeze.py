"""Detects that the instance was frozen or idle: its connections are dead then (docs/function-compute.md 3.6)."""

from __future__ import annotations

from collections.abc import Callable

from functions.model import Clock

FREEZE_SECONDS = 30.0


class FreezeDetector:
    """Calls `on_thaw` when more than `FREEZE_SECONDS` lie between two ticks; every request ticks."""

    def __init__(self, clock: Clock, on_thaw: Callable[[], None]) -> None:
        """The detector is made when the instance starts, which counts as a tick."""
        self._clock = clock
        self._on_thaw = on_thaw
        self._last = clock.now()

    def tick(self) -> None:
        """Note that the instance runs."""
        now = self._clock.now()
        if self._last.age_at(now) > FREEZE_SECONDS:
            self._on_thaw()
        self._last = now
