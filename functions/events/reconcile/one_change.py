"""Reconciles one change: looks its tasks up, finds or makes those that are missing, stores and delivers the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from functions.events.action_report import with_rejections
from functions.events.change import ChangeRecord
from functions.events.notify.sender import DeliveryResult, Receiver
from functions.events.reconcile.progress import outcome_of, with_report
from functions.events.reconcile.recent_tasks import RecentTasks
from functions.events.reconcile.resubmit import Resubmitter
from functions.events.store.changes import ChangeStore, Successor
from functions.events.timings import Timings
from functions.model import Clock
from functions.tasks.query import LookupQuery, RequestedId
from functions.tasks.results import NothingAnswered, Tasks

_OBJECTS = 100
"""Rows shown per task: an object has a few URLs, and of a task that shows none of them these are enough."""
_MINUTE = 60.0


class ChangeReconciler:
    """What a sweep does with each record."""

    def __init__(  # noqa: PLR0913 -- its parts, each by name
        self,
        *,
        changes: ChangeStore,
        resubmitter: Resubmitter,
        tasks: Tasks,
        receivers: Sequence[Receiver],
        clock: Clock,
        timings: Timings,
    ) -> None:
        """`receivers` are told when a change is closed."""
        self._changes = changes
        self._resubmitter = resubmitter
        self._tasks = tasks
        self._receivers = receivers
        self._clock = clock
        self._timings = timings

    async def reconcile(
        self, record: ChangeRecord, recent: RecentTasks, *, superseded: bool, anew: bool = False
    ) -> bool:
        """Whether it is over. `superseded`: a later change of the object is open. Raises StoreFault.

        `anew`: its tasks are said to have changed since the last look, however short ago that was.
        """
        if record.closed_at is not None:
            return await self._deliver(record)
        if await self._is_needless(record, superseded=superseded):
            await self._changes.remove(record)
            return True
        seen = await self._resubmitter.resubmit(await self._look_up(record, anew=anew), recent)
        if all(action.finished for action in seen.actions) and record.age(self._clock.now()) >= self._timings.close:
            return await self._close(seen)
        if seen.actions != record.actions:
            newest = await self._changes.successor(seen) is Successor.NONE
            await self._changes.write(seen, newest=newest)
        return False

    async def _is_needless(self, record: ChangeRecord, *, superseded: bool) -> bool:
        """A later change has its own refresh and preload; only what was never submitted is still owed."""
        owed = any(action.needs_task and record.is_immediate(action) for action in record.actions)
        if not owed:
            return superseded
        if record.age(self._clock.now()) < self._timings.recover:
            return False
        # A delivery that came after the end may have been killed before it removed its marker (`ChangeStore.claim`).
        document = await self._changes.document(record.bucket, record.key)
        if document is not None and document.change_id == record.change_id and document.closed_at is not None:
            return True
        # Or the delivery was killed between marker and claim: without one, nobody would know of this change later.
        await self._changes.ensure_claim(record)
        return False

    async def _look_up(self, record: ChangeRecord, *, anew: bool) -> ChangeRecord:
        ids = dict.fromkeys(RequestedId(task_id, each.product) for each in record.actions for task_id in each.task_ids)
        if not ids:
            return record
        products = tuple(dict.fromkeys(asked.product for asked in ids if asked.product))
        query = LookupQuery(
            ids=tuple(ids), products=products, objects=_OBJECTS, object_paths=record.url_keys, anew=anew
        )
        try:
            return with_report(record, (await self._tasks.lookup(query)).report)
        except NothingAnswered:
            return record

    async def _close(self, record: ChangeRecord) -> bool:
        successor = await self._changes.successor(record)
        if successor is Successor.LATER:
            await self._changes.remove(record)
            return True
        closed = msgspec.structs.replace(record, outcome=outcome_of(record.actions), closed_at=self._clock.now().utc)
        if closed.report is not None:
            closed = msgspec.structs.replace(closed, report=with_rejections(closed.report, closed))
        if successor is Successor.NONE:
            await self._changes.publish(closed)
        return await self._deliver(closed)

    async def _deliver(self, record: ChangeRecord) -> bool:
        """Whether all receivers have the outcome, or have been given up."""
        missing = [receiver for receiver in self._receivers if receiver.name not in record.delivered]
        seconds = self._seconds_closed(record)
        if missing and seconds >= ((1 << record.notices) - 1) * _MINUTE and seconds <= self._timings.give_up:
            results = await asyncio.gather(*(receiver.deliver(record) for receiver in missing))
            done = [
                each.name for each, result in zip(missing, results, strict=True) if result is DeliveryResult.DELIVERED
            ]
            notices = record.notices + (DeliveryResult.FAILED in results)
            record = msgspec.structs.replace(record, delivered=(*record.delivered, *done), notices=notices)
            missing = missing[len(done) :]
        if not missing or seconds > self._timings.give_up:
            await self._changes.remove(record)
            return True
        await self._changes.write_progress(record)
        return False

    def _seconds_closed(self, record: ChangeRecord) -> float:
        closed = record.closed_at
        return 0.0 if closed is None else self._clock.now().wall - closed.timestamp()
