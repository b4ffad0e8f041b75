"""The last change of an object, asked for by its name: from its document, and from the vendor while it is under way."""

from __future__ import annotations

import logging

import msgspec

from functions.errors import StoreFault
from functions.events.change import Action, ChangeRecord
from functions.events.store.changes import ChangeStore
from functions.events.store.oss import open_store
from functions.events.stored_reports import as_kept, with_refusals
from functions.model import VENDOR_WINDOW, Clock, SystemClock
from functions.settings import Settings
from functions.tasks.query import LookupQuery, RequestedId, Scope
from functions.tasks.results import LookupAnswer, Tasks
from functions.upstream.credentials import CredentialSource

WAITING_SECONDS = 10
"""When to ask again for an object of which not all tasks are known yet; the sweep finds or makes them."""
_log = logging.getLogger(__name__)


class ObjectLookup:
    """Answers for objects; needs no right but to read objects in the store."""

    def __init__(self, journal: ChangeStore, tasks: Tasks, clock: Clock) -> None:
        """`journal` is only read."""
        self._journal = journal
        self._tasks = tasks
        self._clock = clock

    async def find(self, name: str, query: LookupQuery) -> LookupQuery | LookupAnswer | None:
        """The tasks of the last change of `name` (`oss://bucket/key`), asked for like `query`.

        Once it is over, the answer is the document's, with its `checkedAt`. Before, it is what the vendor says now; a
        plain question for tasks when all of them are known. None for an object that is unknown, or not the asker's to
        know. Raises StoreFault, NothingAnswered.
        """
        record = await self._document(name)
        if record is None or not _may_see(record, query.scope):
            return None
        query = _question(record, query)
        if record.closed_at is not None or self._is_forgotten(record):
            return LookupAnswer(
                report=with_refusals(as_kept(record, query, self._clock.now()), record), retry_after=None
            )
        if all(errand.task_ids for errand in record.errands):
            return query
        answer = await self._tasks.lookup(query) if query.ids else None
        report = answer.report if answer else as_kept(record, query, self._clock.now())
        return LookupAnswer(report=with_refusals(report, record), retry_after=WAITING_SECONDS)

    async def _document(self, name: str) -> ChangeRecord | None:
        bucket, _, key = name.removeprefix("oss://").partition("/")
        try:
            return await self._journal.document(bucket, key)
        except StoreFault as fault:
            _log.warning("store-unavailable", extra={"members": {"detail": str(fault)}})
            raise

    def _is_forgotten(self, record: ChangeRecord) -> bool:
        """Whether the vendor knows nothing of it any more, though no sweep has closed it."""
        return record.age(self._clock.now()) > VENDOR_WINDOW.total_seconds()


def _question(record: ChangeRecord, query: LookupQuery) -> LookupQuery:
    ids = dict.fromkeys(
        RequestedId(task_id, errand.product)
        for errand in record.errands
        for task_id in errand.task_ids
        if errand.product in query.products and _shown(errand, query.scope)
    )
    return msgspec.structs.replace(query, ids=tuple(ids), object_paths=record.urls)


def _may_see(record: ChangeRecord, scope: Scope) -> bool:
    """An object none of whose URLs the asker may see is as unknown as any other."""
    return any(_shown(errand, scope) for errand in record.errands)


def _shown(errand: Action, scope: Scope) -> bool:
    return scope.audience.allows(errand.product) and scope.audience.shows(errand.object_path)


def open_objects(settings: Settings, tasks: Tasks, credentials: CredentialSource) -> ObjectLookup:
    """The answers from the real store. Raises SettingsError."""
    clock = SystemClock()
    return ObjectLookup(ChangeStore(open_store(settings, credentials), clock), tasks, clock)
