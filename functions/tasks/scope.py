"""What a caller may see: whole products, and rows by the host of their URL.

A task that is hidden must look like one that does not exist. So results are reduced to what the audience may see before
anything else looks at them (`seen_by`).
"""

from __future__ import annotations

from functions.model import TaskSnapshot
from functions.products.lookup.loader import LookupResult
from functions.tasks.query import Audience
from functions.urls import url_key


def seen_by(audience: Audience, result: LookupResult) -> LookupResult:
    """The result as the audience may see it: a task without a visible row is one that the product does not know."""
    if not result.found:
        return result
    assert result.snapshot is not None  # noqa: S101 -- a found result has one
    visible = visible_part(result.snapshot, audience)
    if visible is not None:
        return LookupResult(visible, result.fault, result.batch)
    return LookupResult(None if result.fault else result.snapshot.narrowed_to(()), result.fault, result.batch)


def visible_part(snapshot: TaskSnapshot, audience: Audience) -> TaskSnapshot | None:
    """The snapshot with the rows the audience may see; None when there is no such row."""
    if not audience.allows(snapshot.key.product):
        return None
    if audience.domains is None:
        return snapshot if snapshot.found else None
    rows = tuple(row for row in snapshot.rows if audience.shows(row.object_path))
    return snapshot.narrowed_to(rows) if rows else None


def part_about(snapshot: TaskSnapshot, url_keys: frozenset[str]) -> TaskSnapshot:
    """The snapshot with the rows of these URLs (in normal form); unchanged when it has none, or when none are named."""
    rows = tuple(row for row in snapshot.rows if url_key(row.object_path) in url_keys) if url_keys else ()
    return snapshot.narrowed_to(rows) if rows else snapshot
