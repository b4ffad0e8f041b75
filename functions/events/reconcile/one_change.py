"""One record looked after: its tasks looked at, what is missing pursued, and in the end the outcome kept and told."""

from __future__ import annotations

import msgspec

from functions.events.change import ChangeRecord
from functions.events.reconcile.progress import is_first, looked_at, outcome_of
from functions.events.reconcile.recent_tasks import RecentTasks
from functions.events.reconcile.resubmit import Resubmitter
from functions.events.store.changes import ChangeStore
from functions.events.stored_reports import with_refusals
from functions.events.timings import Timings
from functions.events.webhook import DeliveryResult, Webhook
from functions.model import Clock
from functions.tasks.query import LookupQuery, RequestedId
from functions.tasks.results import NothingAnswered, Tasks

_OBJECTS = 100
"""Rows shown per task: an object has a few URLs, and of a task that shows none of them these are enough."""
_MINUTE = 60.0


class ChangeReconciler:
    """What a sweep does with each record."""

    def __init__(  # noqa: PLR0913 -- the parts of the door, each by name
        self,
        *,
        journal: ChangeStore,
        pursuit: Resubmitter,
        tasks: Tasks,
        webhook: Webhook | None,
        clock: Clock,
        pace: Timings,
    ) -> None:
        """`webhook` is None where nobody wants to be told."""
        self._journal = journal
        self._pursuit = pursuit
        self._tasks = tasks
        self._webhook = webhook
        self._clock = clock
        self._pace = pace

    async def look_after(self, record: ChangeRecord, recent: RecentTasks, *, superseded: bool) -> bool:
        """Whether it needs no looking after any more. `superseded`: a later change of the object is under way."""
        if record.closed_at is not None:
            return await self._tell(record)
        if await self._needless(record, superseded=superseded):
            await self._journal.forget(record)
            return True
        seen = await self._pursuit.go_on(await self._look(record), recent)
        if all(errand.over for errand in seen.errands) and record.age(self._clock.now()) >= self._pace.close:
            return await self._close(seen)
        if seen.errands != record.errands:
            await self._journal.write(seen, newest=await self._journal.is_newest(seen))
        return False

    async def _needless(self, record: ChangeRecord, *, superseded: bool) -> bool:
        """A later change has its own refresh, and warms its own copy; only what was never submitted is still owed."""
        owed = any(errand.waiting and is_first(record, errand) for errand in record.errands)
        if not owed:
            return superseded
        if record.age(self._clock.now()) < self._pace.recover:
            return False
        # A delivery that came after the end may have been killed before it took its marker back (`ChangeStore.claim`).
        document = await self._journal.document(record.bucket, record.key)
        if document is not None and document.change == record.change and document.closed_at is not None:
            return True
        # Or the delivery was killed between marker and claim: without one, nobody would know of this change later.
        await self._journal.confirm(record)
        return False

    async def _look(self, record: ChangeRecord) -> ChangeRecord:
        ids = dict.fromkeys(RequestedId(task_id, each.product) for each in record.errands for task_id in each.task_ids)
        if not ids:
            return record
        products = tuple(dict.fromkeys(asked.product for asked in ids if asked.product))
        query = LookupQuery(ids=tuple(ids), products=products, objects=_OBJECTS, object_paths=record.urls)
        try:
            return looked_at(record, (await self._tasks.lookup(query)).report)
        except NothingAnswered:
            return record

    async def _close(self, record: ChangeRecord) -> bool:
        report = record.report and with_refusals(record.report, record)
        closed = msgspec.structs.replace(
            record, outcome=outcome_of(record.errands), closed_at=self._clock.now().utc, report=report
        )
        if await self._journal.is_newest(closed):
            await self._journal.publish(closed)
            return await self._tell(closed)
        await self._journal.forget(closed)
        return True

    async def _tell(self, record: ChangeRecord) -> bool:
        """Whether the outcome has been told, or nobody is to be told."""
        webhook = self._webhook
        if webhook is None or self._seconds_closed(record) > self._pace.give_up:
            await self._journal.forget(record)
            return True
        is_due = self._seconds_closed(record) >= ((1 << record.notices) - 1) * _MINUTE
        told = await webhook.tell(record) if is_due else DeliveryResult.NOT_TRIED
        if told is DeliveryResult.TAKEN:
            await self._journal.forget(record)
            return True
        tries = record.notices + (told is DeliveryResult.FAILED)
        await self._journal.mark(msgspec.structs.replace(record, notices=tries))
        return False

    def _seconds_closed(self, record: ChangeRecord) -> float:
        closed = record.closed_at
        return 0.0 if closed is None else self._clock.now().wall - closed.timestamp()
