"""Answers for the last change of an object: from its document when it is closed, from the vendor while it is open."""

from __future__ import annotations

import logging

import msgspec

from functions.errors import StoreFault
from functions.events.action_report import report_submitted, with_rejections
from functions.events.change import ChangeRecord
from functions.events.store.changes import ChangeStore
from functions.logs import log_event
from functions.model import VENDOR_WINDOW, Clock, SystemClock
from functions.settings import Settings
from functions.store.oss import open_store
from functions.tasks.query import Audience, LookupQuery, RequestedId
from functions.tasks.render.report import part_of
from functions.tasks.report import TaskReport
from functions.tasks.results import LookupAnswer, Tasks
from functions.upstream.credentials import CredentialSource

OPEN_SECONDS = 10
"""When to ask again for an object of which not all tasks are known yet; a sweep finds or makes them."""


class ObjectLookup:
    """Answers for objects; needs no right but to read objects in the store."""

    def __init__(self, changes: ChangeStore, tasks: Tasks, clock: Clock) -> None:
        """`changes` is only read."""
        self._changes = changes
        self._tasks = tasks
        self._clock = clock

    async def find(self, name: str, query: LookupQuery) -> LookupQuery | LookupAnswer | None:
        """The tasks of the last change of `name` (`oss://bucket/key`), asked for like `query`.

        Once the change is closed, the answer is the document's, with its `checkedAt`. Before, it is what the vendor
        says now; when all tasks are known, the question for them is returned instead, which can be waited for and
        streamed. None for an object that is unknown, or not the caller's to know. Raises StoreFault, NothingAnswered.
        """
        record = await self._document(name)
        record = record and _visible_part(record, query.scope.audience)
        if record is None:
            return None
        query = _query_for(record, query)
        if record.closed_at is not None or self._is_forgotten(record):
            return LookupAnswer(report=with_rejections(_stored_part(record, query), record), retry_after=None)
        if all(action.task_ids for action in record.actions):
            return query
        report = (await self._tasks.lookup(query)).report if query.ids else _stored_part(record, query)
        return LookupAnswer(report=with_rejections(report, record), retry_after=OPEN_SECONDS)

    async def _document(self, name: str) -> ChangeRecord | None:
        bucket, _, key = name.removeprefix("oss://").partition("/")
        try:
            return await self._changes.document(bucket, key)
        except StoreFault as fault:
            log_event("store-unavailable", level=logging.WARNING, detail=str(fault))
            raise

    def _is_forgotten(self, record: ChangeRecord) -> bool:
        """Whether the vendor no longer knows its tasks, though no sweep has closed it."""
        return record.age(self._clock.now()) > VENDOR_WINDOW.total_seconds()


def _stored_part(record: ChangeRecord, query: LookupQuery) -> TaskReport:
    return part_of(record.report or report_submitted(()), query)


def _query_for(record: ChangeRecord, query: LookupQuery) -> LookupQuery:
    ids = dict.fromkeys(
        RequestedId(task_id, action.product)
        for action in record.actions
        for task_id in action.task_ids
        if action.product in query.products
    )
    return msgspec.structs.replace(query, ids=tuple(ids), object_paths=record.url_keys)


def _visible_part(record: ChangeRecord, audience: Audience) -> ChangeRecord | None:
    """The record with the actions on URLs that the audience may see; without any it is as unknown as any other."""
    actions = tuple(
        action for action in record.actions if audience.allows(action.product) and audience.shows(action.object_path)
    )
    return record.with_actions(actions) if actions else None


def open_object_lookup(settings: Settings, tasks: Tasks, credentials: CredentialSource) -> ObjectLookup:
    """The answers from the real store. Raises SettingsError."""
    clock = SystemClock()
    return ObjectLookup(ChangeStore(open_store(settings, credentials), clock), tasks, clock)
