"""Caches what products answered about tasks: each kind of answer has its lifetime, count and bytes are bounded.

A task that an audience may not see must look like one that does not exist, also in time and in calls: so "not found" is
cached for each audience, and a task that is cached but hidden is not used to answer it (docs/security.md).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from cachetools import LRUCache

from functions.model import VENDOR_WINDOW, Clock, Moment, TaskKey, TaskSnapshot
from functions.products.lookup.principal import UNRESTRICTED, Principal, Visibility

MAX_BYTES = 32 * 1024 * 1024
MAX_FIRST_ASKED = 50_000
"""About 18 MB; enough for the last minute (APPEARING_SECONDS) at 800 new ids a second. An id is among them once a
product was asked for it, so no caller can add any faster than the calls of the products allow."""
STALE_SECONDS = 60.0
"""How old an answer may be to be shown as `stale` when the product fails (docs/contract.md)."""
_NOT_FOUND_SECONDS = 60.0
_DONE_SECONDS = 3_600.0
"""A final answer is kept while the vendor still answers for the task, and at least this long."""
_ROW_BYTES = 300
"""Memory of a row with its strings but without its URL (measured with tracemalloc, CPython 3.11)."""
_ENTRY_BYTES = 700
"""The same of a snapshot without rows, with its key and its place in the cache."""

Freshness = Callable[[TaskSnapshot], float]
"""The maximum age in seconds of a cached answer that is not final."""


class TaskCache:
    """The last snapshot of every task, and when each id was first asked for."""

    def __init__(self, clock: Clock, fresh_seconds: float) -> None:
        """`fresh_seconds` is the maximum age of the answer for a task that is not done."""
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._snapshots: LRUCache[tuple[Visibility | None, TaskKey], TaskSnapshot] = LRUCache(
            MAX_BYTES, getsizeof=_size
        )
        self._first_asked: LRUCache[tuple[Visibility | None, TaskKey], Moment] = LRUCache(MAX_FIRST_ASKED)

    def last(self, key: TaskKey, principal: Principal = UNRESTRICTED) -> TaskSnapshot | None:
        """The newest snapshot, however old: of the task if the principal may see it, else what it was answered."""
        snapshot = self._snapshots.get((None, key))
        if principal.audience is None or (snapshot is not None and snapshot.found and principal.sees(snapshot)):
            return snapshot
        return self._snapshots.get((principal.audience, key))

    def fresh(
        self, key: TaskKey, freshness: Freshness | None = None, principal: Principal = UNRESTRICTED
    ) -> TaskSnapshot | None:
        """The newest snapshot if it is young enough; `freshness` decides for those that are not final."""
        snapshot = self.last(key, principal)
        if snapshot is None or snapshot.checked.age_at(self._clock.now()) >= self._lifetime(snapshot, freshness):
            return None
        return snapshot

    def stale(self, key: TaskKey, principal: Principal = UNRESTRICTED) -> TaskSnapshot | None:
        """The newest snapshot of a found task, if it is young enough to be shown when the product fails."""
        snapshot = self.last(key, principal)
        if snapshot is None or not snapshot.found or snapshot.checked.age_at(self._clock.now()) > STALE_SECONDS:
            return None
        return snapshot

    def first_asked(self, key: TaskKey, principal: Principal = UNRESTRICTED) -> Moment:
        """When a product was first asked for the id for an audience: now, if never before."""
        place = (principal.audience, key)
        moment = self._first_asked.get(place)
        if moment is None:
            moment = self._first_asked[place] = self._clock.now()
        return moment

    def set_first_asked(self, key: TaskKey, moment: Moment, principal: Principal = UNRESTRICTED) -> None:
        """When an audience first asked for the id, on whichever instance."""
        self._first_asked[principal.audience, key] = moment

    def lifetime(self, snapshot: TaskSnapshot) -> float:
        """How many seconds after it was checked a snapshot answers without the product being asked."""
        return self._lifetime(snapshot, None)

    def put(self, snapshot: TaskSnapshot, principal: Principal = UNRESTRICTED) -> None:
        """Cache the newest snapshot of a task; one that was not found is not found for this principal's audience."""
        audience = None if snapshot.found else principal.audience
        with suppress(ValueError):  # larger than the whole cache: answered, not cached
            self._snapshots[audience, snapshot.key] = snapshot

    def drop_unfinished(self) -> None:
        """Drop all that is not final: after a freeze it is out of date (docs/function-compute.md 3.6)."""
        for place in [place for place, snapshot in self._snapshots.items() if not snapshot.done]:
            del self._snapshots[place]

    def _lifetime(self, snapshot: TaskSnapshot, freshness: Freshness | None) -> float:
        if snapshot.done:
            created = snapshot.created_at or snapshot.first_asked.utc
            return max((created + VENDOR_WINDOW).timestamp() - snapshot.checked.wall, _DONE_SECONDS)
        if snapshot.found or snapshot.young_at(self._clock.now()):
            return freshness(snapshot) if freshness else self._fresh_seconds
        return _NOT_FOUND_SECONDS


def _size(snapshot: TaskSnapshot) -> int:
    """Bytes."""
    return _ENTRY_BYTES + sum(_ROW_BYTES + len(row.object_path) for row in snapshot.rows)
