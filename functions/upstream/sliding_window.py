"""Counts what happened in the last so many seconds, by key; nothing becomes free at once as at a full minute."""

from __future__ import annotations

import math
from collections import deque

import msgspec

from functions.model import Clock, Moment

_ENTRIES = 1_000
"""So many at most are kept for a key; what happened within that part of the window counts from the last of it."""


class _Counted(msgspec.Struct):
    began: Moment
    last: Moment
    count: int


class SlidingWindow:
    """What was counted in the last `seconds`."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        """Nothing was counted."""
        self._seconds = seconds
        self._clock = clock
        self._counted: dict[str, deque[_Counted]] = {}

    def used(self, key: str) -> int:
        """How much counts for a key now."""
        self._drop_old()
        return sum(each.count for each in self._counted.get(key, ()))

    def add(self, key: str, count: int) -> None:
        """So much more, from now on."""
        now = self._clock.now()
        counted = self._counted.setdefault(key, deque())
        if counted and counted[-1].began.age_at(now) < self._seconds / _ENTRIES:
            counted[-1].count += count
            counted[-1].last = now
        else:
            counted.append(_Counted(now, now, count))

    def give_back(self, key: str, count: int) -> None:
        """So much of what was added last does not count any more."""
        for each in reversed(self._counted.get(key, ())):
            returned = min(count, each.count)
            each.count -= returned
            count -= returned

    def seconds_until(self, key: str, most: float) -> int:
        """Whole seconds, at least one, until no more than `most` counts for a key."""
        now = self._clock.now()
        used = self.used(key)
        wait = 0.0
        for each in self._counted.get(key, ()):
            if used <= most:
                break
            used -= each.count
            wait = self._seconds - each.last.age_at(now)
        return max(1, math.ceil(wait if used <= most else self._seconds))

    def _drop_old(self) -> None:
        now = self._clock.now()
        for key, counted in tuple(self._counted.items()):
            while counted and (not counted[0].count or counted[0].last.age_at(now) >= self._seconds):
                counted.popleft()
            if not counted:
                del self._counted[key]
