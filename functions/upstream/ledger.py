"""What products said about tasks, kept for as long as each kind of answer holds, within bounds of count and size."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from cachetools import LRUCache

from functions.model import VENDOR_WINDOW, Clock, Moment, Sighting, TaskKey

MAX_SIGHTINGS = 50_000
MAX_BYTES = 32 * 1024 * 1024
MAX_ASKED = 200_000
STALE_SECONDS = 60.0
"""How old an answer may be to stand in for one that cannot be had (design part 4)."""
_NOT_FOUND_SECONDS = 60.0
_DONE_SECONDS = 3_600.0
"""A final answer is kept until the vendor forgets the task, and at least this long."""
_ROW_BYTES = 300
"""A row with its strings, the URL not counted (measured with tracemalloc, CPython 3.11)."""

Freshness = Callable[[Sighting], float]
"""How old, in seconds, an answer that is not final may be."""


class Ledger:
    """The last sighting of every task, and when each id was first asked for."""

    def __init__(self, clock: Clock, fresh_seconds: float) -> None:
        """`fresh_seconds`: how old the answer for a moving task may be."""
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._sightings: LRUCache[TaskKey, Sighting] = LRUCache(MAX_BYTES, getsizeof=_size)
        self._asked: LRUCache[TaskKey, Moment] = LRUCache(MAX_ASKED)

    def last(self, key: TaskKey) -> Sighting | None:
        """The newest sighting, however old."""
        return self._sightings.get(key)

    def fresh(self, key: TaskKey, freshness: Freshness | None = None) -> Sighting | None:
        """The newest sighting if it still holds; `freshness` says how long one that is not final does."""
        sighting = self._sightings.get(key)
        if sighting is None or sighting.checked.age_at(self._clock.now()) >= self._lifetime(sighting, freshness):
            return None
        return sighting

    def stale(self, key: TaskKey) -> Sighting | None:
        """A found task young enough to be shown with its age when the vendor cannot be asked."""
        sighting = self._sightings.get(key)
        if sighting is None or not sighting.found or sighting.checked.age_at(self._clock.now()) > STALE_SECONDS:
            return None
        return sighting

    def asked(self, key: TaskKey) -> Moment:
        """When this id was first asked for: now, if never before."""
        moment = self._asked.get(key)
        if moment is None:
            moment = self._asked[key] = self._clock.now()
        return moment

    def keep(self, sighting: Sighting) -> None:
        """Make this the newest sighting of its task."""
        with suppress(ValueError):  # larger than everything there is room for: it is answered but not kept
            self._sightings[sighting.key] = sighting

    def drop_moving(self) -> None:
        """Forget all that is not final: after a freeze nothing else can be trusted (design part 2)."""
        for key in [key for key, sighting in self._sightings.items() if not sighting.done]:
            del self._sightings[key]

    def _lifetime(self, sighting: Sighting, freshness: Freshness | None) -> float:
        if sighting.done:
            created = sighting.created_at or sighting.first_asked.utc
            return max((created + VENDOR_WINDOW).timestamp() - sighting.checked.wall, _DONE_SECONDS)
        if sighting.found or sighting.young_at(self._clock.now()):
            return freshness(sighting) if freshness else self._fresh_seconds
        return _NOT_FOUND_SECONDS


def _size(sighting: Sighting) -> float:
    """Bytes, or a share of the room so large that the count is bounded too."""
    size = sum(_ROW_BYTES + len(row.object_path) for row in sighting.rows)
    return max(size, MAX_BYTES / MAX_SIGHTINGS)
