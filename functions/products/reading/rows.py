"""Reads task rows out of a vendor's body, telling "no rows" from "not understood" (docs/vendor.md 7.7, 10.1).

The SDKs' models turn an unexpected shape into an empty list without an error, so the raw body is read. Official SDKs
contradict each other about the wrapper of the same operation, so each of these is accepted from any product: an
array, `{CDNTask: […]}`, `{Task: […]}`, a single object, null, a missing member, `{}`.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from functions.errors import Reason, UpstreamFault
from functions.logs import log_event
from functions.model import Row, Status
from functions.products.reading.vocabulary import Vocabulary

Rows = tuple[Row, ...]
"""All rows of one task; none: the product does not know it."""
Members = Mapping[str, Any]
"""A row as the vendor sent it."""

_MEMBERS = ("TaskId", "ObjectPath", "ObjectType", "Status", "Process", "CreationTime", "Description")
_MEMBERS_OF_ESA = ("Content", "Type", "CreateTime")
_ENVELOPE = frozenset({"requestid", "totalcount", "tasks", "pagenumber", "pagesize"})
_COUNT = re.compile(r"[0-9]{1,18}")
_LARGE_INTEGER = 10**30
_PERCENT = re.compile(r"(\d{1,30}(?:\.\d{1,30})?)\s?%?")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:[:.]\d{1,9})?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE)


class ParsedRows(msgspec.Struct, frozen=True):
    """Rows by TaskId, in the vendor's order; `unreadable` counts rows that name no task, so any task may lack one."""

    rows: Mapping[str, tuple[Row, ...]]
    unreadable: int = 0
    total: int | None = None

    @property
    def count(self) -> int:
        """How many rows were read."""
        return sum(len(rows) for rows in self.rows.values())


def read_tasks(
    body: Any, words: Vocabulary, *, product: str, rename: Callable[[Members], Members] | None = None
) -> ParsedRows:
    """Every task row in `body`, normalized. Raises UpstreamFault(MALFORMED) for an unknown shape.

    `rename` gives a row of a product outside the family the members that CDN's rows have.
    """
    members = _envelope(body, product)
    found: dict[str, list[Row]] = {}
    unreadable = 0
    for item in _items(members.get("tasks"), product):
        if item is None:  # a null row has nothing that could be lost
            continue
        row = _row(item, words, rename)
        if row is None:
            unreadable += 1
        else:
            found.setdefault(row.task_id, []).append(row)
    if unreadable:
        log_event("rows without a TaskId", level=logging.WARNING, product=product, rows=unreadable)
        if not found:
            raise _malformed(product, f"{unreadable} rows without a usable TaskId")
    return ParsedRows(
        {task: tuple(rows) for task, rows in found.items()}, unreadable, _integer(members.get("totalcount"))
    )


def _envelope(body: Any, product: str) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise _malformed(product, f"the body is {_kind(body)}, not an object")
    members = {str(name).lower(): value for name, value in body.items()}
    if not _ENVELOPE & members.keys():
        raise _malformed(product, "the body has none of the documented members")
    return members


def _items(tasks: Any, product: str) -> Sequence[Any]:
    if tasks is None or tasks in ("", {}):
        return ()
    if isinstance(tasks, list):
        return tasks
    if isinstance(tasks, dict):
        return [tasks] if _looks_like_a_row(tasks) else _unwrapped(tasks, product)
    raise _malformed(product, f"Tasks is {_kind(tasks)}")


def _unwrapped(tasks: Mapping[str, Any], product: str) -> Sequence[Any]:
    if len(tasks) != 1:
        raise _malformed(product, "Tasks is an object of an unknown shape")
    (inner,) = tasks.values()
    if inner is None or inner in ("", {}):
        return ()
    if isinstance(inner, list):
        return inner
    if isinstance(inner, dict) and _looks_like_a_row(inner):
        return [inner]
    raise _malformed(product, f"Tasks holds {_kind(inner)}")


def _looks_like_a_row(value: Mapping[str, Any]) -> bool:
    return any(str(name).lower() == "taskid" for name in value)


def _row(item: Any, words: Vocabulary, rename: Callable[[Members], Members] | None) -> Row | None:
    if not isinstance(item, dict):
        return None
    if "TaskId" not in item:  # done only then, because it is slow and rare
        canonical = {name.lower(): name for name in (*_MEMBERS, *_MEMBERS_OF_ESA)}
        item = {canonical.get(str(name).lower(), name): value for name, value in item.items()}
    if rename is not None:
        item = rename(item)
    task_id = _text(item.get("TaskId"))
    if not task_id:
        return None
    raw_status, description = _text(item.get("Status")), _text(item.get("Description")) or None
    status = words.status(raw_status)
    return Row(
        task_id=task_id,
        object_path=_encodable(path) if isinstance(path := item.get("ObjectPath"), str) else _text(path),
        object_type=words.object_type(_text(item.get("ObjectType"))),
        status=status,
        raw_status=raw_status,
        progress=read_progress(item.get("Process")),
        created_at=read_time(item.get("CreationTime")),
        description=description,
        failure=words.failure(description) if status is Status.FAILED else None,
    )


def read_progress(value: Any) -> float | None:
    """A number from 0 to 100 from `"99.37%"`, `"10"`, `100`; None for anything else, `""` and NaN included."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return min(float(value), 100.0) if math.isfinite(value) and value >= 0 else None
    # Stripped and bounded: a pattern with blanks at both ends would be quadratic in their number.
    match = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    return min(float(match[1]), 100.0) if match else None


def read_time(value: Any) -> datetime | None:
    """UTC from every known form with a zone (docs/vendor.md 4); None for other forms: no zone is guessed."""
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        return None
    day, minutes, seconds, zone = match.groups()
    try:
        return datetime.fromisoformat(f"{day}T{minutes}{seconds or ':00'}{zone.upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(value: Any) -> str:
    """Numbers may stand where strings are documented (docs/vendor.md 7.7); '' for anything but a scalar."""
    if isinstance(value, str):
        return _encodable(value.strip())
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return str(value) if isinstance(value, int) and abs(value) < _LARGE_INTEGER else ""


def _encodable(text: str) -> str:
    """Without halves of surrogate pairs, which JSON can carry and UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _integer(value: Any) -> int | None:
    text = _text(value)
    return int(text) if _COUNT.fullmatch(text) else None


def _kind(value: Any) -> str:
    return "null" if value is None else f"a {type(value).__name__}"


def _malformed(product: str, detail: str) -> UpstreamFault:
    return UpstreamFault(Reason.MALFORMED, product=product, detail=detail)
