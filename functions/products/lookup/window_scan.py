"""Looks up very many ids of a product without a multi-id call by reading its whole list once.

One page of the newest-first list shows 50 rows, a by-id call one task: above a break-even it is cheaper to read the
vendor's three-day window once and pick the wanted tasks out of it. Several pages are read at a time, so no row may join
the range meanwhile and push others to a page that was read before: it ends where all tasks have their rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from msgspec.structs import replace

from functions.errors import UpstreamFault
from functions.model import SETTLING_SECONDS, Clock, Row
from functions.products.listing.pages import EVERY_ROW, ListPage, ListSource
from functions.products.listing.read_page import read_page
from functions.products.listing.reader import ListChoice, ListReader, PageSizes, RowGroup, start_reading
from functions.products.reading.rows import Rows
from functions.upstream.rate_limiter import Permit

MIN_IDS = 10
"""For fewer ids it is not worth the call that tells how large the window is."""
_MAX_PAGES = 400
_UNKNOWN_WINDOW_PAGES = 20
_SIZE_VALID_SECONDS = 120.0
_PARALLEL_PAGES = 8


class WindowScan:
    """The bulk fetch of one product."""

    def __init__(self, source: ListSource, clock: Clock) -> None:
        """`source` reads the product's list."""
        self._source = source
        self._clock = clock
        self._pages: int | None = None
        self._sized_at = clock.now()

    def calls_for(self, keys: int) -> int:
        """One call per id below the break-even, the window's pages above it."""
        return min(keys, self._known_pages() or _UNKNOWN_WINDOW_PAGES) if self.pays_off(keys) else keys

    def pays_off(self, keys: int) -> bool:
        """Whether reading the window costs fewer calls than one for each id."""
        pages = self._known_pages()
        return keys >= MIN_IDS and (pages is None or pages < keys)

    async def run(self, keys: tuple[str, ...], deadline: float, permit: Permit) -> AsyncIterator[tuple[str, Rows]]:
        """Yield tasks with all their rows; ends when all are found, single calls are cheaper, or a call fails."""
        wanted = set(keys)
        # With the end of a minute: a product may write no seconds (docs/vendor.md 1.4).
        end = int(self._clock.now().wall - SETTLING_SECONDS) // 60 * 60 - 1
        reader = start_reading(ListChoice(EVERY_ROW), PageSizes(self._source.page_size), 0, end)
        try:
            first = await self._source.own_page(reader.next_calls()[0], deadline, permit)
            self._learn_size(first)
            reader, read = read_page(reader, first), 1
            # A row that cannot be placed may belong to any task: then each is looked up by itself.
            while reader.reliable:
                for task_id, rows in _tasks_in(reader.groups, wanted):
                    wanted.discard(task_id)
                    yield task_id, rows
                reader = replace(reader, groups=())
                if reader.next_page is None or not self._still_pays_off(len(wanted), read):
                    return
                for page in await self._next_pages(reader, read, deadline):
                    reader, read = read_page(reader, page), read + 1
        except UpstreamFault:
            return  # the other ids are looked up one by one; a lasting fault is reported there

    async def _next_pages(self, reader: ListReader, read: int, deadline: float) -> list[ListPage]:
        count = min(_PARALLEL_PAGES, max(1, (self._pages or 0) - read))
        return await asyncio.gather(*(self._source.own_page(call, deadline) for call in reader.next_calls(count)))

    def _learn_size(self, first: ListPage) -> None:
        if not first.more:
            self._pages = 1
        else:
            self._pages = None if first.pages_left is None else 1 + first.pages_left
        self._sized_at = self._clock.now()

    def _known_pages(self) -> int | None:
        return self._pages if self._sized_at.age_at(self._clock.now()) < _SIZE_VALID_SECONDS else None

    def _still_pays_off(self, wanted: int, read: int) -> bool:
        pages = self._pages or read + 1
        return 0 < wanted > pages - read and read < _MAX_PAGES


def _tasks_in(groups: tuple[RowGroup, ...], wanted: set[str]) -> list[tuple[str, Rows]]:
    """The wanted tasks of the groups, each with all its rows: a group is never cut here."""
    tasks: dict[str, list[Row]] = {}
    for group in groups:
        for row in group.rows:
            if row.task_id in wanted:
                tasks.setdefault(row.task_id, []).append(row)
    return [(task_id, tuple(rows)) for task_id, rows in tasks.items()]
