"""A finished task as it is kept: one JSON document, readable by later versions."""

from __future__ import annotations

from datetime import datetime

import msgspec

from functions.model import SECOND_LOOK_SECONDS, Moment, Row, Status, TaskKey, TaskSnapshot, make_snapshot


class StoredRow(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A row, in the words of the contract."""

    object_path: str
    object_type: str
    status: Status
    raw_status: str
    progress: float | None = None
    created_at: datetime | None = None
    description: str | None = None
    failure: str | None = None


class StoredTask(msgspec.Struct, frozen=True, rename="camel"):
    """All rows of a task, as the vendor last told them; `checked_at` in seconds of the epoch."""

    checked_at: float
    rows: tuple[StoredRow, ...]


def encode_task(snapshot: TaskSnapshot) -> bytes:
    """The document of a snapshot."""
    rows = tuple(
        StoredRow(**{name: getattr(row, name) for name in StoredRow.__struct_fields__}) for row in snapshot.rows
    )
    return msgspec.json.encode(StoredTask(snapshot.checked.wall, rows))


def decode_task(key: TaskKey, body: bytes, now: Moment) -> TaskSnapshot:
    """The snapshot in a document, done as it was. Raises msgspec.DecodeError."""
    stored = msgspec.json.decode(body, type=StoredTask)
    checked = now.later(stored.checked_at - now.wall)
    rows = tuple(Row(task_id=key.task_id, **msgspec.structs.asdict(row)) for row in stored.rows)
    settled = checked.later(-SECOND_LOOK_SECONDS)
    snapshot = make_snapshot(key, rows, checked=checked, unchanged_since=settled, first_asked=settled, primed=True)
    return msgspec.structs.replace(snapshot, recorded=True)
