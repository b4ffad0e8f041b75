"""The timer's sweep over everything open: tasks looked up, preloads submitted, outcomes stored and delivered.

A sweep has no state of its own: when it is killed, only its current work is repeated. Thousands of open changes cost
one short invocation a minute: the service asks for ten ids a call, and the lists are read once for all.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum

import msgspec

from functions.events.change import ChangeRecord
from functions.events.parsing.events import TaskCompletion
from functions.events.reconcile.one_change import ChangeReconciler
from functions.events.reconcile.pushed import PushedCompletions
from functions.events.reconcile.recent_tasks import RecentTasks
from functions.events.store.changes import ChangeStore
from functions.events.timings import Timings
from functions.logs import log_event
from functions.model import Clock
from functions.tasks.results import Tasks

CONCURRENCY = 200
"""Records reconciled at the same time: enough to fill calls of ten ids and bursts of URLs, few enough that no lookup
waits in the rate limiter beyond its deadline."""
BEGIN_SHARE = 0.7
"""After this share of a sweep's time no further change is begun, so that those begun can be finished."""


class SweepReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a sweep ended: of `open` records, so many are `closed` now, were not reached (`left`), or `failed`.

    `awaiting` were passed over: CDN will say when their tasks are over.
    """

    open: int
    closed: int
    left: int
    failed: int
    awaiting: int = 0


class _Result(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    LEFT = "left"
    FAILED = "failed"


class Sweep:
    """Reconciles all open records; one sweep at a time in a process.

    What CDN says while a sweep goes on waits for its end, and is then gone through together.
    """

    def __init__(
        self, changes: ChangeStore, reconciler: ChangeReconciler, tasks: Tasks, clock: Clock, timings: Timings
    ) -> None:
        """Made once per process."""
        self._changes = changes
        self._reconciler = reconciler
        self._tasks = tasks
        self._clock = clock
        self._timings = timings
        self._sweeping = asyncio.Lock()
        self._completed: set[TaskCompletion] = set()
        self._pushed = PushedCompletions(clock)
        self._slots = asyncio.Semaphore(CONCURRENCY)

    async def run(self, completions: Collection[TaskCompletion] = ()) -> SweepReport | None:
        """One sweep, over the changes of these tasks only where some are named; None when another one does the work.

        Raises StoreFault when the open records cannot be listed.
        """
        if self._sweeping.locked() and not completions:
            return None
        self._completed.update(completions)
        self._pushed.note(completions)
        began = asyncio.get_running_loop().time()
        async with self._sweeping:
            if not self._completed.issuperset(completions):
                return None
            if completions:
                completions, self._completed = self._completed, set()
            return await self._run(completions, began)

    async def _run(self, completions: Collection[TaskCompletion], began: float) -> SweepReport:
        records = await self._changes.open_records()
        recent = RecentTasks(self._tasks, records, self._clock)
        concerned = [each for each in _with_superseded(records) if _concerns(each[0], completions)]
        anew = bool(completions)
        everything = anew or self._pushed.is_full_sweep_due()
        chosen = [each for each in concerned if everything or each[1] or not self._pushed.awaits(each[0])]
        results = await asyncio.gather(
            *(self._reconcile(record, recent, began, superseded=superseded, anew=anew) for record, superseded in chosen)
        )
        counts = Counter(results)
        report = SweepReport(
            open=len(concerned),
            closed=counts[_Result.CLOSED],
            left=counts[_Result.LEFT],
            failed=counts[_Result.FAILED],
            awaiting=len(concerned) - len(chosen),
        )
        if everything and not (anew or report.left):
            self._pushed.note_full_sweep()
        log_event("swept", **msgspec.structs.asdict(report))
        return report

    async def _reconcile(
        self, record: ChangeRecord, recent: RecentTasks, began: float, *, superseded: bool, anew: bool
    ) -> _Result:
        async with self._slots:
            if asyncio.get_running_loop().time() >= began + self._timings.sweep * BEGIN_SHARE:
                return _Result.LEFT
            try:
                async with asyncio.timeout_at(began + self._timings.sweep):
                    is_over = await self._reconciler.reconcile(record, recent, superseded=superseded, anew=anew)
            except TimeoutError:
                return _Result.LEFT
            except Exception as fault:  # noqa: BLE001 -- one record's trouble, of any kind, must not stop the others
                log_event(
                    "reconcile-failed", level=logging.ERROR, exception=fault, bucket=record.bucket, key=record.key
                )
                return _Result.FAILED
        return _Result.CLOSED if is_over else _Result.OPEN


def _concerns(record: ChangeRecord, completions: Collection[TaskCompletion]) -> bool:
    tasks = {(action.product, task_id) for action in record.actions for task_id in action.task_ids}
    return not completions or any((each.product, each.task_id) in tasks for each in completions)


def _with_superseded(records: Iterable[ChangeRecord]) -> Iterator[tuple[ChangeRecord, bool]]:
    """Each record, and whether a change of its object in a later second is among them."""
    open_records = tuple(records)
    newest: dict[str, str] = {}
    for record in open_records:
        newest[record.object_id] = max(record.second, newest.get(record.object_id, ""))
    return ((record, record.second < newest[record.object_id]) for record in open_records)
