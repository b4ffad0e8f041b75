"""What products said about tasks, kept for as long as each kind of answer holds, within bounds of count and size."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from cachetools import LRUCache

from functions.model import VENDOR_WINDOW, Clock, Moment, TaskKey, TaskSnapshot

MAX_SNAPSHOTS = 50_000
MAX_BYTES = 32 * 1024 * 1024
MAX_ASKED = 200_000
STALE_SECONDS = 60.0
"""How old an answer may be to stand in for one that cannot be had (design part 4)."""
_NOT_FOUND_SECONDS = 60.0
_DONE_SECONDS = 3_600.0
"""A final answer is kept until the vendor forgets the task, and at least this long."""
_ROW_BYTES = 300
"""A row with its strings, the URL not counted (measured with tracemalloc, CPython 3.11)."""

Freshness = Callable[[TaskSnapshot], float]
"""How old, in seconds, an answer that is not final may be."""


class TaskCache:
    """The last snapshot of every task, and when each id was first asked for."""

    def __init__(self, clock: Clock, fresh_seconds: float) -> None:
        """`fresh_seconds`: how old the answer for a moving task may be."""
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._sightings: LRUCache[TaskKey, TaskSnapshot] = LRUCache(MAX_BYTES, getsizeof=_size)
        self._asked: LRUCache[TaskKey, Moment] = LRUCache(MAX_ASKED)

    def last(self, key: TaskKey) -> TaskSnapshot | None:
        """The newest snapshot, however old."""
        return self._sightings.get(key)

    def fresh(self, key: TaskKey, freshness: Freshness | None = None) -> TaskSnapshot | None:
        """The newest snapshot if it still holds; `freshness` says how long one that is not final does."""
        snapshot = self._sightings.get(key)
        if snapshot is None or snapshot.checked.age_at(self._clock.now()) >= self._lifetime(snapshot, freshness):
            return None
        return snapshot

    def stale(self, key: TaskKey) -> TaskSnapshot | None:
        """A found task young enough to be shown with its age when the vendor cannot be asked."""
        snapshot = self._sightings.get(key)
        if snapshot is None or not snapshot.found or snapshot.checked.age_at(self._clock.now()) > STALE_SECONDS:
            return None
        return snapshot

    def asked(self, key: TaskKey) -> Moment:
        """When this id was first asked for: now, if never before."""
        moment = self._asked.get(key)
        if moment is None:
            moment = self._asked[key] = self._clock.now()
        return moment

    def keep(self, snapshot: TaskSnapshot) -> None:
        """Make this the newest snapshot of its task."""
        with suppress(ValueError):  # larger than everything there is room for: it is answered but not kept
            self._sightings[snapshot.key] = snapshot

    def drop_moving(self) -> None:
        """Forget all that is not final: after a freeze nothing else can be trusted (design part 2)."""
        for key in [key for key, snapshot in self._sightings.items() if not snapshot.done]:
            del self._sightings[key]

    def _lifetime(self, snapshot: TaskSnapshot, freshness: Freshness | None) -> float:
        if snapshot.done:
            created = snapshot.created_at or snapshot.first_asked.utc
            return max((created + VENDOR_WINDOW).timestamp() - snapshot.checked.wall, _DONE_SECONDS)
        if snapshot.found or snapshot.young_at(self._clock.now()):
            return freshness(snapshot) if freshness else self._fresh_seconds
        return _NOT_FOUND_SECONDS


def _size(snapshot: TaskSnapshot) -> float:
    """Bytes, or a share of the room so large that the count is bounded too."""
    size = sum(_ROW_BYTES + len(row.object_path) for row in snapshot.rows)
    return max(size, MAX_BYTES / MAX_SNAPSHOTS)
