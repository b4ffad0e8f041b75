"""A finished task as it is kept: one JSON document, readable by later versions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from functions.errors import TaskStatusError
from functions.model import SECOND_LOOK_SECONDS, Moment, Row, Status, TaskKey, TaskSnapshot, make_snapshot

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=4_102_444_800)]
"""Of the epoch, up to the end of the year 2099."""
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class UnreadableTask(TaskStatusError):  # noqa: N818 -- named for what it is
    """Raised for a document that is damaged, or no finished task of its key."""


class StoredRow(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A row, in the words of the contract."""

    object_path: str
    object_type: str
    status: Status
    raw_status: str
    progress: float | None = None
    created_at: _Instant | None = None
    description: str | None = None
    failure: str | None = None


class StoredTask(msgspec.Struct, frozen=True, rename="camel"):
    """All rows of the task `id`, as the vendor last told them, at `checked_at`."""

    id: str
    checked_at: _Seconds
    rows: tuple[StoredRow, ...]


def encode_task(snapshot: TaskSnapshot) -> bytes:
    """The document of a snapshot."""
    rows = tuple(
        StoredRow(**{name: getattr(row, name) for name in StoredRow.__struct_fields__}) for row in snapshot.rows
    )
    return msgspec.json.encode(StoredTask(str(snapshot.key), snapshot.checked.wall, rows))


def decode_task(key: TaskKey, body: bytes, now: Moment) -> TaskSnapshot:
    """The snapshot in a document, done as it was. Raises UnreadableTask for what is no finished task of this key."""
    try:
        stored = msgspec.json.decode(body, type=StoredTask)
    # Of texts that are not UTF-8 msgspec raises the codec's own error.
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        raise UnreadableTask(str(fault)) from None
    if stored.id != str(key):
        raise UnreadableTask("it is of another task")
    if not stored.rows or not all(row.status.terminal for row in stored.rows):
        raise UnreadableTask("it is of no finished task")
    checked = now.later(stored.checked_at - now.wall)
    rows = tuple(Row(task_id=key.task_id, **msgspec.structs.asdict(row)) for row in stored.rows)
    settled = checked.later(-SECOND_LOOK_SECONDS)
    snapshot = make_snapshot(key, rows, checked=checked, unchanged_since=settled, first_asked=settled, primed=True)
    return msgspec.structs.replace(snapshot, recorded=True)
