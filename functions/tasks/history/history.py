"""Keeps every task that is seen done, and answers for those that the vendor no longer knows.

A task is filed in the indexes by day and by URL (keys.py) and then written itself: an entry without its task is a write
that did not end. It is done within the request that saw the task: after its answer an instance may be frozen
(docs/function-compute.md 3.6). Only the first tasks wait until their answer is sent, because loading the store's SDK
would hold it up. How long tasks are kept is for a lifecycle rule of the bucket to say.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from cachetools import LRUCache

from functions.errors import StoreFault
from functions.logs import log_event
from functions.model import Clock, Moment, TaskKey, TaskSnapshot
from functions.store.protocol import ObjectStore
from functions.tasks.history.filing import entries_of
from functions.tasks.history.index import MergedEntries, open_entries
from functions.tasks.history.keys import document_of
from functions.tasks.history.record import UnreadableTask, decode_task, encode_task

KEEP_SECONDS = 0.05
"""How long an answer waits for what it saw to be written; slower writes go on beside it."""
SETTLE_SECONDS = 2.0
"""How long writes are waited for where no answer waits for them."""
RECALL_SECONDS = 2.0
"""How long an answer waits for the store at most."""
_FRESH_SECONDS = 60.0
"""What was read serves so long, found or not: no caller can tell a hidden task from none by what asking takes."""
_MAX_KNOWN = 50_000
_MAX_ROWS = 50_000
_WRITES = 8
"""At the same time: reading has half of the store's threads at least."""


class _Reading(msgspec.Struct, frozen=True):
    """What the store had at a moment; None: nothing."""

    at: Moment
    snapshot: TaskSnapshot | None


class History:
    """The history of one instance."""

    def __init__(self, store: ObjectStore, clock: Clock) -> None:
        """Nothing is read or written yet; the store's SDK is not loaded before it is needed."""
        self._store = store
        self._clock = clock
        self._kept: LRUCache[TaskKey, None] = LRUCache(_MAX_KNOWN)
        self._read_before: LRUCache[TaskKey, _Reading] = LRUCache(_MAX_ROWS, getsizeof=_size)
        self._unwritten: list[TaskSnapshot] = []
        self._writes: set[asyncio.Task[None]] = set()
        self._write_slots = asyncio.Semaphore(_WRITES)

    async def keep(self, snapshots: Iterable[TaskSnapshot]) -> None:
        """Write those that are done and were not written before; returns after `KEEP_SECONDS` at the latest.

        While the store is not ready nothing is written: that is left to `settle`.
        """
        done = (each for each in snapshots if each.found and each.done and not each.recorded)
        new = [each for each in done if each.key not in self._kept]
        self._kept.update(dict.fromkeys(each.key for each in new))
        self._unwritten += new
        if new and self._store.ready:
            await asyncio.wait(self._begin_writes(), timeout=KEEP_SECONDS)

    async def settle(self) -> None:
        """Write what is left, for `SETTLE_SECONDS` at most: no answer waits for it."""
        self._begin_writes()
        if self._writes:
            await asyncio.wait(self._writes, timeout=SETTLE_SECONDS)

    async def recall(self, keys: Iterable[TaskKey]) -> dict[TaskKey, TaskSnapshot]:
        """The tasks that are kept, as far as the store answers within `RECALL_SECONDS`; raises nothing."""
        return {key: task for key, task in (await self.read(keys)).items() if task is not None}

    async def read(self, keys: Iterable[TaskKey]) -> Mapping[TaskKey, TaskSnapshot | None]:
        """What is kept of each key, None for nothing; without those that cannot be read within `RECALL_SECONDS`."""
        wanted = tuple(keys)
        readings = {key: reading for key in wanted if (reading := self._fresh(key)) is not None}
        reads = {asyncio.create_task(self._read(key)): key for key in wanted if key not in readings}
        if reads:
            ended, pending = await asyncio.wait(reads, timeout=RECALL_SECONDS)
            for read in pending:
                read.cancel()
            if pending:
                log_event("history-unavailable", level=logging.WARNING, detail="slow", tasks=len(pending))
            readings |= {reads[read]: reading for read in ended if (reading := read.result()) is not None}
        return {key: reading.snapshot for key, reading in readings.items()}

    async def entries(self, product: str, urls: Sequence[str], newest: int, oldest: int) -> MergedEntries:
        """The ids of a product's tasks created between two seconds, both included. Raises StoreFault.

        With `urls` those that may concern one of them.
        """
        return await open_entries(self._store, product, urls, newest, oldest)

    def _begin_writes(self) -> set[asyncio.Task[None]]:
        begun = {asyncio.create_task(self._write(each)) for each in self._unwritten}
        self._unwritten.clear()
        self._writes |= begun
        for write in begun:
            write.add_done_callback(self._writes.discard)
        return begun

    def _fresh(self, key: TaskKey) -> _Reading | None:
        reading = self._read_before.get(key)
        return reading if reading is not None and reading.at.age_at(self._clock.now()) < _FRESH_SECONDS else None

    async def _write(self, snapshot: TaskSnapshot) -> None:
        key = snapshot.key
        try:
            if not await self._is_kept(key):
                await asyncio.gather(*(self._put(entry, b"") for entry in entries_of(snapshot)))
                await self._put(document_of(key), encode_task(snapshot))
        except StoreFault as fault:
            self._kept.pop(key, None)  # to be tried again when it is seen again
            log_event("history-unwritten", level=logging.WARNING, detail=str(fault))

    async def _is_kept(self, key: TaskKey) -> bool:
        """Whether another instance has written it, in a way that can be read."""
        async with self._write_slots:
            body = await self._store.get(document_of(key))
        return body is not None and self._decoded(key, body, self._clock.now()) is not None

    async def _put(self, key: str, body: bytes) -> None:
        async with self._write_slots:
            await self._store.put(key, body)

    async def _read(self, key: TaskKey) -> _Reading | None:
        now = self._clock.now()
        try:
            body = await self._store.get(document_of(key))
        except StoreFault as fault:
            log_event("history-unavailable", level=logging.WARNING, detail=str(fault))
            return None
        reading = self._read_before[key] = _Reading(now, None if body is None else self._decoded(key, body, now))
        return reading

    def _decoded(self, key: TaskKey, body: bytes, now: Moment) -> TaskSnapshot | None:
        try:
            return decode_task(key, body, now)
        except UnreadableTask as fault:
            log_event("history-unreadable", level=logging.ERROR, task=str(key), detail=str(fault))
            return None


def _size(reading: _Reading) -> int:
    return 1 + (len(reading.snapshot.rows) if reading.snapshot else 0)
