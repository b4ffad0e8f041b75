"""Accepts a changed object: claims it, submits its actions, and stores what came of it.

    No URL is lost. No URL is submitted twice without a crash. After a crash at most the one call in flight is repeated.

An event arrives one to three times, in any order, at any instance. One delivery claims the change (`store.changes`),
and only that one submits. If it is killed, its marker remains and a sweep goes on (`reconcile.resubmit`): a claim
without tasks that is older than `Timings.recover` is taken over, tasks of its URLs made since are adopted, and only
where there are none is it submitted again, under a further claim. So a call that was carried out is not repeated once
the vendor's list shows it; only one whose tasks are still not listed at `Timings.recover` is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from functions.events.action_report import created_at
from functions.events.change import Action, ActionKind, ChangeRecord, by_product, new_record, urls_of
from functions.events.parsing.events import ObjectChange
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
    """Accepts changes."""

    def __init__(
        self, changes: ChangeStore, submitter: ActionSubmitter, tasks: Tasks, clock: Clock, timings: Timings
    ) -> None:
        """`submitter` is the process's only one."""
        self._changes = changes
        self._submitter = submitter
        self._tasks = tasks
        self._clock = clock
        self._timings = timings

    async def accept(self, change: ObjectChange, actions: tuple[Action, ...]) -> AcceptedChange | None:
        """Begin a change's actions; None when another delivery of it has. Raises StoreFault, MalformedEvent."""
        record = new_record(change, actions, self._clock.now())
        claim = await self._changes.claim(record)
        if not claim.fresh:
            return None
        if self._age(record) > self._timings.owner:
            # The store was slow: by the time a submission is sent, a sweep may have begun one.
            return AcceptedChange(record, {})
        submitted, followed = await asyncio.gather(self._submit(record), self._follow(record))
        record = record.with_actions(tuple(_with_followed(action, record, followed) for action in submitted))
        if self._age(record) < self._timings.recover:
            await self._changes.write(record, newest=claim.newest)
        return AcceptedChange(record, followed)

    def _age(self, record: ChangeRecord) -> float:
        return record.age(self._clock.now())

    async def _submit(self, record: ChangeRecord) -> Sequence[Action]:
        """All actions, those that can be submitted now with what became of them."""
        return await asyncio.gather(*(self._submit_action(record, action) for action in record.actions))

    async def _submit_action(self, record: ChangeRecord, action: Action) -> Action:
        if action.kind is ActionKind.FOLLOW or not record.is_immediate(action):
            return action
        return await self._submitter.submit(action)

    async def _follow(self, record: ChangeRecord) -> Mapping[str, TaskReport]:
        """The tasks that are already there. What cannot be asked now is asked by a sweep."""
        products = by_product(action for action in record.actions if action.kind is ActionKind.FOLLOW)
        reports = await asyncio.gather(*(self._report(product, urls_of(own)) for product, own in products.items()))
        return {product: report for product, report in zip(products, reports, strict=True) if report}

    async def _report(self, product: str, urls: tuple[str, ...]) -> TaskReport | None:
        try:
            return (await self._tasks.follow_urls(product, urls)).report
        except NothingAnswered:
            return None


def _with_followed(action: Action, record: ChangeRecord, followed: Mapping[str, TaskReport]) -> Action:
    """An action that follows, with the tasks made since the object changed."""
    report = followed.get(action.product)
    if action.kind is not ActionKind.FOLLOW or report is None:
        return action
    since = record.changed_at.replace(microsecond=0)
    task_ids = tuple(task.task_id for task in report.tasks if created_at(task) >= since)
    return msgspec.structs.replace(action, task_ids=task_ids)
