"""The minute's look after everything under way: tasks looked up, preloads submitted, outcomes written down and told.

A sweep holds nothing of its own, so that a kill loses no more than what it was doing. Thousands of open objects cost
one short invocation a minute: the service asks ten ids a call, and the lists are read once for all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from enum import Enum, auto

import msgspec

from functions.events.change import ChangeRecord
from functions.events.reconcile.one_change import ChangeReconciler
from functions.events.reconcile.recent_tasks import RecentTasks
from functions.events.store.changes import ChangeStore
from functions.events.timings import Timings
from functions.logs import describe
from functions.model import Clock
from functions.tasks.results import Tasks

AT_ONCE = 200
"""Records looked after at the same time: enough to fill calls of ten ids and bursts of URLs, few enough that no lookup
waits in the limiter beyond its deadline."""
BEGIN_SHARE = 0.7
"""Of a sweep's time: after it nothing is begun any more, so that what was begun comes to its end."""
_log = logging.getLogger(__name__)


class SweepReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep came to: of `open` records, so many are `closed` now, were not got to (`left`), or went wrong."""

    open: int
    closed: int
    left: int
    failed: int


class _End(Enum):
    OPEN = auto()
    CLOSED = auto()
    LEFT = auto()
    FAILED = auto()


class Sweep:
    """Looks after all records; one sweep at a time in a process."""

    def __init__(self, journal: ChangeStore, care: ChangeReconciler, tasks: Tasks, clock: Clock, pace: Timings) -> None:
        """Nothing is under way."""
        self._journal = journal
        self._care = care
        self._tasks = tasks
        self._clock = clock
        self._pace = pace
        self._sweeping = asyncio.Lock()
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> SweepReport | None:
        """One sweep; None when one is going on. Raises StoreFault when nothing can be read."""
        if self._sweeping.locked():
            return None
        async with self._sweeping:
            began = asyncio.get_running_loop().time()
            records = await self._journal.open_records()
            recent = RecentTasks(self._tasks, records, self._clock)
            ends = await asyncio.gather(
                *(self._in_turn(record, recent, began, superseded=late) for record, late in _with_later(records))
            )
        swept = SweepReport(
            open=len(records),
            closed=ends.count(_End.CLOSED),
            left=ends.count(_End.LEFT),
            failed=ends.count(_End.FAILED),
        )
        _log.info("swept", extra={"members": msgspec.structs.asdict(swept)})
        return swept

    async def _in_turn(self, record: ChangeRecord, recent: RecentTasks, began: float, *, superseded: bool) -> _End:
        async with self._slots:
            if asyncio.get_running_loop().time() >= began + self._pace.sweep * BEGIN_SHARE:
                return _End.LEFT
            try:
                async with asyncio.timeout_at(began + self._pace.sweep):
                    closed = await self._care.look_after(record, recent, superseded=superseded)
            except TimeoutError:
                return _End.LEFT
            except Exception as fault:  # noqa: BLE001 -- one record's trouble, of any kind, must not stop the others
                members = {"bucket": record.bucket, "key": record.key, "fault": describe(fault)}
                _log.error("sweep-failed", extra={"members": members})
                return _End.FAILED
        return _End.CLOSED if closed else _End.OPEN


def _with_later(records: Iterable[ChangeRecord]) -> Iterator[tuple[ChangeRecord, bool]]:
    """Each record, and whether a later change of its object is among them; names of changes sort by time."""
    told = tuple(records)
    newest: dict[str, str] = {}
    for record in told:
        newest[record.object_id] = max(record.change, newest.get(record.object_id, ""))
    return ((record, record.change < newest[record.object_id]) for record in told)
