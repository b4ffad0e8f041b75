"""Turns snapshots into the contract's `Task`s; the same snapshot is rendered once, however often it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from cachetools import LRUCache

from functions.model import VENDOR_WINDOW, Row, Status, TaskKey, TaskSnapshot, split_account
from functions.products.reading.vocabulary import action_of
from functions.tasks.render.fold import Foldable, count_by_status, fold_progress, fold_status, one_word, tidy
from functions.tasks.report import ObjectCounts, ObjectError, Source, Task, TaskObject

_KEPT_OBJECTS = 50_000
_COUNTED = tuple((name, Status(name)) for name in ObjectCounts.__struct_fields__[1:])


class Rendered(msgspec.Struct, frozen=True):
    """A task as it is shown, and a digest of what a viewer sees of it: not of when it was looked at."""

    snapshot: TaskSnapshot
    task: Task
    digest: bytes


class Renderer:
    """Keeps what it rendered last, bounded by the number of rows shown."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._kept: LRUCache[tuple[TaskKey, int, bool], Rendered] = LRUCache(
            _KEPT_OBJECTS, getsizeof=lambda rendered: 1 + len(rendered.task.objects)
        )

    def render(self, snapshot: TaskSnapshot, *, objects: int, stale: bool) -> Rendered:
        """The task of a snapshot with at least one row, with at most `objects` rows shown."""
        place = (snapshot.key, objects, stale)
        kept = self._kept.get(place)
        if kept is not None and kept.snapshot is snapshot:
            return kept
        task = render_task(snapshot, objects=objects, stale=stale)
        rendered = Rendered(snapshot, task, digest_of(task))
        if 1 + len(task.objects) <= _KEPT_OBJECTS:
            self._kept[place] = rendered
        return rendered


def digest_of(task: Task) -> bytes:
    """A hash of what a viewer sees of a task: not of when it was looked at."""
    visible = msgspec.structs.replace(task, checked_at="", stale=False)
    return hashlib.blake2b(msgspec.json.encode(visible), digest_size=16).digest()


def render_task(snapshot: TaskSnapshot, *, objects: int, stale: bool) -> Task:
    """The task a snapshot with at least one row amounts to, showing at most `objects` rows, failed ones first."""
    rows = snapshot.rows
    status = fold_status(rows)
    object_type = one_word(row.object_type for row in rows)
    created = snapshot.created_at
    shown = _worst_first(rows, objects)
    account, product = split_account(snapshot.key.product)
    return Task(
        id=str(snapshot.key),
        product=product,
        task_id=snapshot.key.task_id,
        action=one_word(action_of(row.object_type) for row in rows),
        object_type=object_type,
        status=status.value,
        done=snapshot.done,
        progress=fold_progress(rows, status),
        created_at=_instant(created),
        expires_at=_instant(created + VENDOR_WINDOW if created else None),
        checked_at=instant_ms(snapshot.checked.utc),
        stale=stale,
        object_counts=count_objects(rows),
        objects=tuple(_object(row) for row in shown),
        objects_omitted=len(rows) - len(shown),
        source=Source.HISTORY if snapshot.recorded else Source.VENDOR,
        account=account,
    )


def instant_ms(moment: datetime) -> str:
    """RFC 3339 with milliseconds, UTC, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _worst_first(rows: tuple[Row, ...], limit: int) -> tuple[Row, ...]:
    """The rows that need somebody's eye, then the others, each in the vendor's order."""
    bad = [row for row in rows if row.status.bad]
    if len(bad) >= limit:
        return tuple(bad[:limit])
    return (*bad, *[row for row in rows if not row.status.bad][: limit - len(bad)])


def count_objects(rows: Sequence[Foldable]) -> ObjectCounts:
    """How many rows are in which state."""
    counts = count_by_status(rows)
    return ObjectCounts(total=len(rows), **{name: counts.get(status, 0) for name, status in _COUNTED})


def _object(row: Row) -> TaskObject:
    failed = row.status is Status.FAILED
    return TaskObject(
        object_path=row.object_path,
        status=row.status.value,
        progress=None if row.progress is None else tidy(row.progress),
        raw_status=row.raw_status,
        error=ObjectError(reason=row.failure or "other", message=row.description or "") if failed else None,
    )
