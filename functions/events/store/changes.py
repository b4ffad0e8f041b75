"""Which changes have been claimed, and how far each has come: the keys of the store and the order of writing them.

    pending/<change>-<object>.json    a ChangeRecord that is open; removed when it is closed and delivered
    changes/<object>/<change>.json    the claim on a change, written once and never again
    changes/<object>/<change>.<action>-<attempt>.json    the claim on one further submission of an action, likewise
    objects/<object>.json             the newest change's ChangeRecord: the document

`<object>` is sha256(bucket/key), `<change>` begins with the event's time: names sort by time, and the newest wins.

The marker in `pending/` is written before the claim, so that whatever is claimed is found by a sweep; a kill between
the two leaves a marker, which a sweep takes up, writing the claim itself. A document is written after a check that no
newer claim is there. A newer one may come between check and write; but a change is closed only when its claim is so old
that such a write is over (`Timings.close`), so the newest change writes last.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from datetime import datetime
from enum import Enum, auto

import msgspec

from functions.errors import StoreFault
from functions.events.change import ChangeRecord, decode_record, object_id, second_of
from functions.logs import log_event
from functions.model import Clock
from functions.store.protocol import ObjectStore, StoredKey


class Claim(msgspec.Struct, frozen=True):
    """`fresh`: nobody else has claimed this change. `newest`: no later change of the object has been claimed."""

    fresh: bool
    newest: bool = True


class Successor(Enum):
    """Which later change of an object is claimed."""

    NONE = auto()
    SAME_SECOND = auto()
    """Its name sorts behind, but which of the two came first is not known (docs/function-compute.md 5.1)."""
    LATER = auto()


class Attempts(msgspec.Struct, frozen=True):
    """Further submissions claimed for an action: how many, and when the first and the last (None: none was)."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None


class _ClaimBody(msgspec.Struct, frozen=True, rename="camel"):
    # The nonce makes every writer's body unique: a create whose answer was lost is recognized by it.
    claimed_at: datetime
    nonce: str


class ChangeStore:
    """Reads and writes records. Every method raises StoreFault."""

    def __init__(self, store: ObjectStore, clock: Clock) -> None:
        """Read no change before it is asked for."""
        self._store = store
        self._clock = clock
        self._last_read: dict[str, tuple[str, ChangeRecord]] = {}

    async def claim(self, record: ChangeRecord) -> Claim:
        """Claim a change; of all that try, at any time and anywhere, one gets a fresh claim."""
        later = await self._store.scan(_changes(record), after=_changes(record) + record.change_id, limit=1)
        if any(_is_of(record, listed) for listed in later):
            return Claim(fresh=False)
        marker = _pending(record)
        if not await self._store.create(marker, _encode(record)):
            return Claim(fresh=False)
        if await self.ensure_claim(record):
            return Claim(fresh=True, newest=not later)
        if await self._claimed_at(_claim(record)) < record.claimed_at:
            # Claimed and closed between our check and our marker, which would otherwise begin it anew.
            await self._store.delete(marker)
        return Claim(fresh=False)

    async def ensure_claim(self, record: ChangeRecord) -> bool:
        """Write the claim on a change whose marker is there; whether there was none yet."""
        return await self._store.create(_claim(record), msgspec.json.encode(self._claim_body()))

    async def write(self, record: ChangeRecord, *, newest: bool) -> None:
        """Store how far it has come; in the document too when no later change is known."""
        if newest:
            await asyncio.gather(self.write_progress(record), self.publish(record))
        else:
            await self.write_progress(record)

    async def write_progress(self, record: ChangeRecord) -> None:
        """Store how far it has come for the next sweep, which looks the tasks up anew."""
        bare = msgspec.structs.replace(record, report=None)
        key = _pending(bare)
        kept = self._last_read.get(key)
        if kept is None or kept[1] != bare:
            self._last_read[key] = (await self._store.put(key, _encode(bare)), bare)

    async def publish(self, record: ChangeRecord) -> None:
        """Write the document."""
        await self._store.put(_document(record.object_id), _encode(record))

    async def remove(self, record: ChangeRecord) -> None:
        """Take it from what is open."""
        self._last_read.pop(_pending(record), None)
        await self._store.delete(_pending(record))

    async def successor(self, record: ChangeRecord) -> Successor:
        """What has been claimed on the object after this change."""
        changes = _changes(record)
        # "~" sorts behind all characters with which names of this change's own claims go on.
        listed = await self._store.scan(changes, after=f"{changes}{record.change_id}~", limit=1)
        if not listed:
            return Successor.NONE
        if second_of(listed[0].key.removeprefix(changes)) == record.second:
            listed = await self._store.scan(changes, after=f"{changes}{record.second}~", limit=1)
        return Successor.LATER if listed else Successor.SAME_SECOND

    async def document(self, bucket: str, key: str) -> ChangeRecord | None:
        """The newest change of an object, None when none was ever claimed."""
        name = _document(object_id(bucket, key))
        body = await self._store.get(name)
        try:
            return None if body is None else decode_record(body)
        except ValueError as fault:
            log_event("record-unreadable", level=logging.ERROR, key=name, detail=str(fault))
            raise StoreFault(f"{name} cannot be read") from None

    async def open_records(self) -> tuple[ChangeRecord, ...]:
        """Everything open, oldest first; what this process itself wrote last is not read again."""
        listed = await self._store.scan("pending/")
        known = {each.key for each in listed}
        self._last_read = {key: kept for key, kept in self._last_read.items() if key in known}
        read = await asyncio.gather(*(self._open(each) for each in listed))
        return tuple(record for record in read if record)

    async def attempts(self, record: ChangeRecord, action: int) -> Attempts:
        """What has been claimed for the record's action of this number beyond the change itself."""
        listed = await self._store.scan(_attempt(record, action))
        if not listed:
            return Attempts()
        first, last = await asyncio.gather(self._claimed_at(listed[0].key), self._claimed_at(listed[-1].key))
        return Attempts(len(listed), first, last)

    async def claim_attempt(self, record: ChangeRecord, action: int, number: int) -> bool:
        """Claim one further submission; of all that try, one gets it."""
        key = f"{_attempt(record, action)}{number:04}.json"
        return await self._store.create(key, msgspec.json.encode(self._claim_body()))

    async def _open(self, listed: StoredKey) -> ChangeRecord | None:
        etag, record = self._last_read.get(listed.key, ("", None))
        if record is not None and etag == listed.etag:
            return record
        body = await self._store.get(listed.key)
        if body is None:
            return None
        try:
            record = decode_record(body)
        except ValueError as fault:
            log_event("record-unreadable", level=logging.ERROR, key=listed.key, detail=str(fault))
            return None
        self._last_read[listed.key] = (listed.etag, record)
        return record

    async def _claimed_at(self, key: str) -> datetime:
        body = await self._store.get(key)
        # Nobody removes claims but people; one that is gone counts as claimed now.
        return msgspec.json.decode(body, type=_ClaimBody).claimed_at if body else self._clock.now().utc

    def _claim_body(self) -> _ClaimBody:
        return _ClaimBody(self._clock.now().utc, secrets.token_hex(8))


def _encode(record: ChangeRecord) -> bytes:
    return msgspec.json.encode(record)


def _pending(record: ChangeRecord) -> str:
    return f"pending/{record.change_id}-{record.object_id}.json"


def _changes(record: ChangeRecord) -> str:
    return f"changes/{record.object_id}/"


def _claim(record: ChangeRecord) -> str:
    return f"{_changes(record)}{record.change_id}.json"


def _attempt(record: ChangeRecord, action: int) -> str:
    return f"{_changes(record)}{record.change_id}.{action}-"


def _document(name: str) -> str:
    return f"objects/{name}.json"


def _is_of(record: ChangeRecord, listed: StoredKey) -> bool:
    return listed.key.startswith(_changes(record) + record.change_id)
