"""Finds or makes tasks for actions that have none: adopts what was submitted already, and submits otherwise."""

from __future__ import annotations

import asyncio
from datetime import datetime

import msgspec

from functions.events.change import MISSING, Action, ActionKind, ChangeRecord
from functions.events.reconcile.progress import is_ready, refuse_useless_preloads
from functions.events.reconcile.recent_tasks import ListIncomplete, RecentTasks
from functions.events.store.changes import Attempts, ChangeStore
from functions.events.submit.submitter import ActionSubmitter
from functions.events.timings import Timings
from functions.model import Clock

GIVEN_UP = "given-up"
"""The refusal of an action that could not be submitted within `Timings.give_up`."""
_LONGEST_PAUSE = 20
"""The pause between attempts doubles, up to so many times `Timings.recover`."""


class Resubmitter:
    """Works on one record at a time."""

    def __init__(self, changes: ChangeStore, submitter: ActionSubmitter, clock: Clock, timings: Timings) -> None:
        """`submitter` is the process's only one."""
        self._changes = changes
        self._submitter = submitter
        self._clock = clock
        self._timings = timings

    async def resubmit(self, record: ChangeRecord, recent: RecentTasks) -> ChangeRecord:
        """The record with what could be done for its actions now. Raises StoreFault."""
        record = refuse_useless_preloads(record)
        numbers = range(len(record.actions))
        return record.with_actions(
            tuple(await asyncio.gather(*(self._action(record, number, recent) for number in numbers)))
        )

    async def _action(self, record: ChangeRecord, number: int, recent: RecentTasks) -> Action:
        action = record.actions[number]
        if not is_ready(record, action):
            return action
        try:
            if action.kind is ActionKind.FOLLOW:
                return await self._follow(record, action, recent)
            return await self._submit(record, number, recent)
        except ListIncomplete:
            # A task that cannot be seen may be there: the next sweep looks again.
            return action

    async def _follow(self, record: ChangeRecord, action: Action, recent: RecentTasks) -> Action:
        ids = await recent.tasks_for(record, action, record.changed_at)
        if ids:
            return msgspec.structs.replace(action, task_ids=ids)
        if record.age(self._clock.now()) > self._timings.follow:
            return msgspec.structs.replace(action, status=MISSING, done=True)
        return action

    async def _submit(self, record: ChangeRecord, number: int, recent: RecentTasks) -> Action:
        action = record.actions[number]
        immediate = record.is_immediate(action)
        if immediate and record.age(self._clock.now()) < self._timings.recover:
            return action
        attempts = await self._changes.attempts(record, number)
        since = record.claimed_at if immediate else attempts.first
        if since is not None:
            if not self._is_due(record, attempts):
                return action
            ids = await recent.tasks_for(record, action, since)
            if ids:
                return msgspec.structs.replace(action, task_ids=ids)
            if self._seconds_since(since) > self._timings.give_up:
                return msgspec.structs.replace(action, refusal=GIVEN_UP)
        if not await self._changes.claim_attempt(record, number, attempts.count + 1):
            return action
        return await self._submitter.submit(action)

    def _is_due(self, record: ChangeRecord, attempts: Attempts) -> bool:
        last = attempts.last or record.claimed_at
        return self._seconds_since(last) >= self._timings.recover * min(1 << attempts.count, _LONGEST_PAUSE)

    def _seconds_since(self, moment: datetime) -> float:
        return self._clock.now().wall - moment.timestamp()
