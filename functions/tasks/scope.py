"""What a caller's scope lets through: whole products, and rows by the host of their URL."""

from __future__ import annotations

from functions.model import Row, TaskSnapshot
from functions.tasks.query import Scope
from functions.urls import host_of, is_within


def visible_part(snapshot: TaskSnapshot, scope: Scope) -> TaskSnapshot | None:
    """The snapshot with the rows `scope` may see; None where nothing of it is visible: as unknown as any other id."""
    if scope.products is not None and snapshot.key.product not in scope.products:
        return None
    if scope.domains is None:
        return snapshot if snapshot.found else None
    rows = tuple(row for row in snapshot.rows if may_see(row, scope))
    return snapshot.narrowed_to(rows) if rows else None


def part_about(snapshot: TaskSnapshot, object_paths: frozenset[str]) -> TaskSnapshot:
    """The snapshot with the rows of these URLs; as it is where there are none, or no URLs are named."""
    rows = tuple(row for row in snapshot.rows if row.object_path in object_paths) if object_paths else ()
    return snapshot.narrowed_to(rows) if rows else snapshot


def may_see(row: Row, scope: Scope) -> bool:
    """Whether `scope` lets this row of a visible product through."""
    return scope.domains is None or within(row.object_path, scope.domains)


def within(object_path: str, domains: frozenset[str]) -> bool:
    """Whether a URL's host is one of `domains`, some like `*.example.com`; not where it cannot be told."""
    host = host_of(object_path)
    return host is not None and any(is_within(host, domain) for domain in domains)
