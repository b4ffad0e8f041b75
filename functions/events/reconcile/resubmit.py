"""What the sweep does for errands that have no task yet: adopt what was submitted, or submit."""

from __future__ import annotations

import asyncio
from datetime import datetime

import msgspec

from functions.events.change import FOLLOW, MISSING, Action, ChangeRecord
from functions.events.reconcile.progress import is_first, ready, unblocked
from functions.events.reconcile.recent_tasks import NotKnown, RecentTasks
from functions.events.store.changes import Attempts, ChangeStore
from functions.events.submit.submitter import ActionSubmitter
from functions.events.timings import Timings
from functions.model import Clock

GIVEN_UP = "given-up"
"""The refusal of an errand that could not be submitted for a whole day."""
_SLOWEST = 20
"""Attempts come slower and slower, up to so many times `Timings.recover` apart."""


class Resubmitter:
    """Goes after the errands of one record at a time."""

    def __init__(self, journal: ChangeStore, submitter: ActionSubmitter, clock: Clock, pace: Timings) -> None:
        """`submitter` is the one that events use."""
        self._journal = journal
        self._submitter = submitter
        self._clock = clock
        self._pace = pace

    async def go_on(self, record: ChangeRecord, recent: RecentTasks) -> ChangeRecord:
        """The record with what could be done for its errands now."""
        record = unblocked(record)
        return record.with_errands(
            tuple(
                await asyncio.gather(*(self._errand(record, number, recent) for number in range(len(record.errands))))
            )
        )

    async def _errand(self, record: ChangeRecord, number: int, recent: RecentTasks) -> Action:
        errand = record.errands[number]
        if not ready(record, errand):
            return errand
        try:
            if errand.action == FOLLOW:
                return await self._follow(record, errand, recent)
            return await self._submit(record, number, recent)
        except NotKnown:
            # What cannot be seen may be there: the next sweep looks again.
            return errand

    async def _follow(self, record: ChangeRecord, errand: Action, recent: RecentTasks) -> Action:
        ids = await recent.tasks_for(record, errand, record.changed_at)
        if ids:
            return msgspec.structs.replace(errand, task_ids=ids)
        if record.age(self._clock.now()) > self._pace.follow:
            return msgspec.structs.replace(errand, status=MISSING, done=True)
        return errand

    async def _submit(self, record: ChangeRecord, number: int, recent: RecentTasks) -> Action:
        errand = record.errands[number]
        first = is_first(record, errand)
        if first and record.age(self._clock.now()) < self._pace.recover:
            return errand
        attempts = await self._journal.attempts(record, number)
        since = record.claimed_at if first else attempts.first
        if since is not None:
            if not self._due(record, attempts):
                return errand
            ids = await recent.tasks_for(record, errand, since)
            if ids:
                return msgspec.structs.replace(errand, task_ids=ids)
            if self._seconds_since(since) > self._pace.give_up:
                return msgspec.structs.replace(errand, refusal=GIVEN_UP)
        if not await self._journal.claim_attempt(record, number, attempts.count + 1):
            return errand
        return (await self._submitter.submit([errand]))[0]

    def _due(self, record: ChangeRecord, attempts: Attempts) -> bool:
        last = attempts.last or record.claimed_at
        return self._seconds_since(last) >= self._pace.recover * min(1 << attempts.count, _SLOWEST)

    def _seconds_since(self, moment: datetime) -> float:
        return self._clock.now().wall - moment.timestamp()
