"""Who has taken up which change, and how far it has come: the keys of the store and the order of writing them.

    pending/<change>-<object>.json    a ChangeRecord that is under way; removed when it is closed
    changes/<object>/<change>.json    the claim on a change, written once and never again
    changes/<object>/<change>.<errand>-<attempt>.json    the claim on one further submission for it, likewise
    objects/<object>.json             the newest change's ChangeRecord: the document

`<object>` is sha256(bucket/key), `<change>` begins with the event's time: names sort by time, and the newest wins.

The marker in `pending/` is written before the claim, so that whatever is claimed is found by the sweep; a kill between
the two leaves a marker, which the sweep takes up, writing the claim itself. A document is written after a look that no
newer claim is there. Between the look and the writing a newer one may come; but a change is closed only when its claim
is so old that such a writing is over (`Pace.close`), so the newest change writes last.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from datetime import datetime

import msgspec

from functions.events.change import ChangeRecord, object_id
from functions.events.store.protocol import ObjectStore, StoredKey
from functions.model import Clock

_log = logging.getLogger(__name__)


class Claim(msgspec.Struct, frozen=True):
    """`fresh`: nobody else has taken up this change. `newest`: no later change of the object has been."""

    fresh: bool
    newest: bool = True


class Attempts(msgspec.Struct, frozen=True):
    """Further submissions claimed for an errand: how many, and when the first and the last (None: none was)."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None


class _Ticket(msgspec.Struct, frozen=True, rename="camel"):
    # The nonce makes every writer's body its own: a create whose answer was lost is recognized by it.
    claimed_at: datetime
    nonce: str


class ChangeStore:
    """Reads and writes Records. Every verb raises StoreFault."""

    def __init__(self, store: ObjectStore, clock: Clock) -> None:
        """Nothing is read yet."""
        self._store = store
        self._clock = clock
        self._read: dict[str, tuple[str, ChangeRecord]] = {}

    async def claim(self, record: ChangeRecord) -> Claim:
        """Take up a change; of all that try, at any time and anywhere, one gets a fresh claim."""
        behind = await self._store.scan(_changes(record), after=_changes(record) + record.change, limit=1)
        if any(_is_of(record, listed) for listed in behind):
            return Claim(fresh=False)
        marker = _pending(record)
        if not await self._store.create(marker, _encode(record)):
            return Claim(fresh=False)
        if await self.confirm(record):
            return Claim(fresh=True, newest=not behind)
        if await self._claimed_at(_claim(record)) < record.claimed_at:
            # Claimed and closed between our look and our marker, which would otherwise begin it anew.
            await self._store.delete(marker)
        return Claim(fresh=False)

    async def confirm(self, record: ChangeRecord) -> bool:
        """Write the claim on a change whose marker is there; whether there was none yet."""
        return await self._store.create(_claim(record), msgspec.json.encode(self._ticket()))

    async def write(self, record: ChangeRecord, *, newest: bool) -> None:
        """Keep how far it has come; in the document too when no later change is known."""
        if newest:
            await asyncio.gather(self.mark(record), self.publish(record))
        else:
            await self.mark(record)

    async def mark(self, record: ChangeRecord) -> None:
        """Keep how far it has come for the next sweep, which looks at the tasks anew."""
        bare = msgspec.structs.replace(record, report=None)
        key = _pending(bare)
        kept = self._read.get(key)
        if kept is None or kept[1] != bare:
            self._read[key] = (await self._store.put(key, _encode(bare)), bare)

    async def publish(self, record: ChangeRecord) -> None:
        """Write the document."""
        await self._store.put(_document(record.object_id), _encode(record))

    async def forget(self, record: ChangeRecord) -> None:
        """It is over, and needs no looking after."""
        self._read.pop(_pending(record), None)
        await self._store.delete(_pending(record))

    async def is_newest(self, record: ChangeRecord) -> bool:
        """Whether no later change of the object has been claimed."""
        # "~" sorts behind whatever names of this change's own claims go on with.
        behind = f"{_changes(record)}{record.change}~"
        return not await self._store.scan(_changes(record), after=behind, limit=1)

    async def document(self, bucket: str, key: str) -> ChangeRecord | None:
        """The newest change of an object, None when none was ever taken up."""
        body = await self._store.get(_document(object_id(bucket, key)))
        return None if body is None else msgspec.json.decode(body, type=ChangeRecord)

    async def open_records(self) -> tuple[ChangeRecord, ...]:
        """Everything under way, oldest first; what this process wrote last itself is not read again."""
        listed = await self._store.scan("pending/")
        known = {each.key for each in listed}
        self._read = {key: kept for key, kept in self._read.items() if key in known}
        read = await asyncio.gather(*(self._open(each) for each in listed))
        return tuple(record for record in read if record)

    async def attempts(self, record: ChangeRecord, errand: int) -> Attempts:
        """What has been claimed for an errand beyond the change itself."""
        listed = await self._store.scan(_attempt(record, errand))
        if not listed:
            return Attempts()
        first, last = await asyncio.gather(self._claimed_at(listed[0].key), self._claimed_at(listed[-1].key))
        return Attempts(len(listed), first, last)

    async def claim_attempt(self, record: ChangeRecord, errand: int, number: int) -> bool:
        """Take up one further submission; of all that try, one gets it."""
        key = f"{_attempt(record, errand)}{number:04}.json"
        return await self._store.create(key, msgspec.json.encode(self._ticket()))

    async def _open(self, listed: StoredKey) -> ChangeRecord | None:
        etag, record = self._read.get(listed.key, ("", None))
        if record is not None and etag == listed.etag:
            return record
        body = await self._store.get(listed.key)
        if body is None:
            return None
        try:
            record = msgspec.json.decode(body, type=ChangeRecord)
        except msgspec.DecodeError as fault:
            _log.error("record-unreadable", extra={"members": {"key": listed.key, "detail": str(fault)}})
            return None
        self._read[listed.key] = (listed.etag, record)
        return record

    async def _claimed_at(self, key: str) -> datetime:
        body = await self._store.get(key)
        # Claims are not removed; one that was by hand is as good as claimed now.
        return msgspec.json.decode(body, type=_Ticket).claimed_at if body else self._clock.now().utc

    def _ticket(self) -> _Ticket:
        return _Ticket(self._clock.now().utc, secrets.token_hex(8))


def _encode(record: ChangeRecord) -> bytes:
    return msgspec.json.encode(record)


def _pending(record: ChangeRecord) -> str:
    return f"pending/{record.change}-{record.object_id}.json"


def _changes(record: ChangeRecord) -> str:
    return f"changes/{record.object_id}/"


def _claim(record: ChangeRecord) -> str:
    return f"{_changes(record)}{record.change}.json"


def _attempt(record: ChangeRecord, errand: int) -> str:
    return f"{_changes(record)}{record.change}.{errand}-"


def _document(name: str) -> str:
    return f"objects/{name}.json"


def _is_of(record: ChangeRecord, listed: StoredKey) -> bool:
    return listed.key.startswith(_changes(record) + record.change)
