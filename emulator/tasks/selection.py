"""Which rows a list operation shows: the filters, row by row as the vendor applies them, and one page of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from emulator.tasks.records import RowView, TaskRecord


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Filters and page. `start` (inclusive) and `end` (exclusive) are whole epoch seconds.

    `zone` is a domain with all that is below it; a row without a host is in every zone.
    """

    task_id: str | None = None
    object_path: str | None = None
    domain_name: str | None = None
    object_type: str | None = None
    status: str | None = None
    zone: str | None = None
    start: int | None = None
    end: int | None = None
    page_number: int = 1
    page_size: int = 20

    @property
    def first(self) -> int:
        """Where the page begins among the matching rows."""
        return (self.page_number - 1) * self.page_size

    @property
    def is_row_wise(self) -> bool:
        """Whether rows of one task can differ in matching."""
        return (self.object_path, self.domain_name, self.status, self.zone) != (None, None, None, None)

    def wants(self, record: TaskRecord) -> bool:
        """Whether rows of this task can match at all."""
        mine = record.identity
        return (
            self.task_id in (None, mine.task_id)
            and self.object_type in (None, mine.object_type)
            and (self.start is None or mine.created >= self.start)
            and (self.end is None or mine.created < self.end)
        )

    def matches(self, row: RowView) -> bool:
        """Whether this row is shown."""
        return (
            self.object_path in (None, row.object_path)
            and self.status in (None, row.status)
            and (self.domain_name is None or _is_of(domain_of(row.object_path), self.domain_name))
            and (self.zone is None or is_in_zone(domain_of(row.object_path), self.zone))
        )


class Page(msgspec.Struct, frozen=True):
    """One page: rows with the task they belong to, and how many rows match in all."""

    rows: list[tuple[TaskRecord, RowView]]
    total: int


def page_of(records: Iterable[tuple[TaskRecord, float]], selection: Selection) -> Page:
    """The page of `records` (each with the position it shows), which come newest first."""
    rows: list[tuple[TaskRecord, RowView]] = []
    total = 0
    for record, position in records:
        start, stop = max(0, selection.first - total), selection.first + selection.page_size - total
        if selection.is_row_wise:
            matching = [row for row in record.views(position) if selection.matches(row)]
            count, shown = len(matching), iter(matching[start : max(0, stop)])
        else:
            count, shown = record.visible(position), _slice(record, position, start, stop)
        rows += [(record, row) for row in shown]
        total += count
    return Page(rows, total)


def _slice(record: TaskRecord, position: float, start: int, stop: int) -> Iterator[RowView]:
    return record.views(position, start, stop) if stop > start else iter(())


def _is_of(host: str, domain_name: str) -> bool:
    """Whether a host is served by the domain; `.example.com` is what the console calls the wildcard domain."""
    return host.endswith(domain_name) if domain_name.startswith(".") else host == domain_name


def domain_of(object_path: str) -> str:
    """The host in a URL, in lower case; "" where there is none."""
    _, found, rest = object_path.partition("://")
    return rest.partition("/")[0].lower() if found else ""


def is_in_zone(host: str, zone: str) -> bool:
    """Whether the host, "" for none, is the zone's domain or below it."""
    return host in {"", zone} or host.endswith(f".{zone}")
