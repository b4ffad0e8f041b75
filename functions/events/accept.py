"""A changed object taken up: claimed, its errands submitted, and what came of it written down.

    No URL is lost. No URL is submitted twice without a crash. After a crash at most the one call in flight is repeated.

An event comes one to three times, in any order, to any instance. One delivery claims the change (`journal`), and it
alone submits. Should it be killed, its marker remains, and the sweep goes on (`sweep`, `pursuit`): a claim without
tasks that is older than 30 s is its owner's no more; tasks of its URLs made since are adopted, and only where there
are none it is submitted again, under a further claim. So a call that was carried out is not repeated once the vendor's
list shows it; only one whose tasks are not listed 30 s after the kill is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from functions.events.change import FOLLOW, Action, ChangeRecord, new_record
from functions.events.parsing import ObjectChange
from functions.events.reconcile.progress import is_first
from functions.events.store.changes import ChangeStore
from functions.events.submit.submitter import ActionSubmitter
from functions.events.timings import Timings
from functions.model import Clock
from functions.tasks.report import TaskReport
from functions.tasks.results import NothingAnswered, Tasks


class AcceptedChange(msgspec.Struct, frozen=True):
    """A change as far as its event brought it; `followed` are the tasks already there, by product."""

    record: ChangeRecord
    followed: Mapping[str, TaskReport]


class ChangeAcceptor:
    """What events go through."""

    def __init__(
        self, journal: ChangeStore, submitter: ActionSubmitter, tasks: Tasks, clock: Clock, pace: Timings
    ) -> None:
        """`submitter` is shared with whoever else submits in this process, so that it travels together."""
        self._journal = journal
        self._submitter = submitter
        self._tasks = tasks
        self._clock = clock
        self._pace = pace

    async def take(self, change: ObjectChange, errands: tuple[Action, ...]) -> AcceptedChange | None:
        """Begin a change's errands; None when another delivery of it has. Raises StoreFault, MalformedEvent."""
        record = new_record(change, errands, self._clock.now())
        claim = await self._journal.claim(record)
        if not claim.fresh:
            return None
        if self._age(record) > self._pace.owner:
            # The store was slow: by the time a submission is sent, the sweep may have begun one.
            return AcceptedChange(record, {})
        submitted, followed = await asyncio.gather(self._submit(record), self._follow(record))
        begun = record.with_errands(_merged(_merged(errands, submitted), _adopted(record, followed)))
        if self._age(record) < self._pace.recover:
            await self._journal.write(begun, newest=claim.newest)
        return AcceptedChange(begun, followed)

    def _age(self, record: ChangeRecord) -> float:
        return record.age(self._clock.now())

    async def _submit(self, record: ChangeRecord) -> Sequence[Action]:
        first = [errand for errand in record.errands if errand.action != FOLLOW and is_first(record, errand)]
        return await self._submitter.submit(first)

    async def _follow(self, record: ChangeRecord) -> Mapping[str, TaskReport]:
        """What is already there; what cannot be asked now is asked by the sweep."""
        products = dict.fromkeys(errand.product for errand in record.errands if errand.action == FOLLOW)
        reports = await asyncio.gather(*(self._report(record, product) for product in products))
        return {product: report for product, report in zip(products, reports, strict=True) if report}

    async def _report(self, record: ChangeRecord, product: str) -> TaskReport | None:
        urls = tuple(each.object_path for each in record.errands if (each.product, each.action) == (product, FOLLOW))
        try:
            return (await self._tasks.follow_urls(product, urls)).report
        except NothingAnswered:
            return None


def _merged(errands: tuple[Action, ...], news: Sequence[Action]) -> tuple[Action, ...]:
    by_place = {(*errand.place, errand.object_path): errand for errand in news}
    return tuple(by_place.get((*errand.place, errand.object_path), errand) for errand in errands)


def _adopted(record: ChangeRecord, followed: Mapping[str, TaskReport]) -> list[Action]:
    """Errands that follow, with the tasks made since the object changed."""
    found: list[Action] = []
    for errand in record.errands:
        report = followed.get(errand.product)
        if errand.action == FOLLOW and report:
            since = record.changed_at.replace(microsecond=0)
            own = (
                task for task in report.tasks if task.created_at and datetime.fromisoformat(task.created_at) >= since
            )
            ids = tuple(task.task_id for task in own)
            found.append(msgspec.structs.replace(errand, task_ids=ids))
    return found
