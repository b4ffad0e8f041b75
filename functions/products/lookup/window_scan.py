"""Looks up very many ids of a product without a multi-id call by reading its whole list once.

One page of the newest-first list shows 50 rows, a by-id call one task: above a break-even it is cheaper to read the
vendor's three-day window once and pick the wanted tasks out of it. The window's end is fixed when the scan begins, so
rows added meanwhile only push others to later pages: the scan sees some rows twice and misses none. A task is answered
once the scan has passed its creation second, so with all its rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from itertools import pairwise

from functions.errors import UpstreamFault
from functions.model import VENDOR_WINDOW, Clock
from functions.products.listing.pages import EVERY_ROW, PageCall
from functions.products.lookup.by_id import merged_rows
from functions.products.rows import ParsedRows, Rows
from functions.upstream.rate_limiter import Permit

MIN_IDS = 10
"""For fewer ids it is not worth the call that tells how large the window is."""
_MAX_PAGES = 400
_UNKNOWN_WINDOW_PAGES = 20
_SIZE_VALID_SECONDS = 120.0
_PARALLEL_PAGES = 8
_UNSETTLED_SECONDS = 2
"""Pages are read in parallel, so no row may be added in front of them: newer tasks are looked up one by one."""
_MARGIN_SECONDS = 60
"""Clocks differ, and a range older than three days is refused (`InvalidTime`)."""


ReadPage = Callable[[PageCall, float, Permit | None], Awaitable[ParsedRows]]
"""`Adapter.list_page`."""


class WindowScan:
    """The bulk fetch of one product."""

    def __init__(self, read_page: ReadPage, page_size: int, clock: Clock) -> None:
        """`read_page` reads the product's list, `page_size` rows a page."""
        self._read_page = read_page
        self._clock = clock
        self._page_size = page_size
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
        end = int(self._clock.now().wall) - _UNSETTLED_SECONDS
        seen: list[ParsedRows] = []
        try:
            first = await self._page(1, end, deadline, permit)
            self._learn_size(first)
            seen.append(first)
            while wanted:
                if any(reading.unreadable for reading in seen):
                    return  # a row that names no task may belong to any of them
                over = seen[-1].count < self._page_size
                for task_id, rows in self._complete(wanted, seen, over=over):
                    wanted.discard(task_id)
                    yield task_id, rows
                if over or not wanted or not self._still_pays_off(len(wanted), len(seen)):
                    return
                seen += await self._next_pages(len(seen), end, deadline)
        except UpstreamFault:
            return  # the other ids are looked up one by one; a lasting fault is reported there

    async def _next_pages(self, read: int, end: int, deadline: float) -> list[ParsedRows]:
        last = max(self._pages or 0, read + 1)
        numbers = range(read + 1, min(read + _PARALLEL_PAGES, last) + 1)
        return await asyncio.gather(*(self._page(number, end, deadline) for number in numbers))

    async def _page(self, number: int, end: int, deadline: float, permit: Permit | None = None) -> ParsedRows:
        start = end - int(VENDOR_WINDOW.total_seconds()) + _MARGIN_SECONDS
        call = PageCall(asks=EVERY_ROW, start=start, end=end, number=number)
        return await self._read_page(call, deadline, permit)

    def _learn_size(self, first: ParsedRows) -> None:
        if first.count < self._page_size:
            self._pages = 1
        elif first.total is not None:
            self._pages = -(-first.total // self._page_size)
        else:
            self._pages = None
        self._sized_at = self._clock.now()

    def _known_pages(self) -> int | None:
        return self._pages if self._sized_at.age_at(self._clock.now()) < _SIZE_VALID_SECONDS else None

    def _still_pays_off(self, wanted: int, read: int) -> bool:
        pages = self._pages or read + 1
        return pages - read < wanted and read < _MAX_PAGES

    def _complete(self, wanted: set[str], seen: list[ParsedRows], *, over: bool) -> list[tuple[str, Rows]]:
        """Wanted tasks that cannot have rows on further pages."""
        passed = None if over else oldest_if_descending(seen)
        complete = []
        for task_id in {key for reading in seen for key in reading.rows} & wanted:
            rows = merged_rows(task_id, seen)
            if over or (passed is not None and all(row.created_at and row.created_at > passed for row in rows)):
                complete.append((task_id, rows))
        return complete


def oldest_if_descending(seen: Sequence[ParsedRows]) -> datetime | None:
    """The creation time that the scan has reached; None if the list is not newest first (that is not documented)."""
    newest_by_page = [_times(reading) for reading in seen]
    if any(times is None for times in newest_by_page):
        return None
    spans = [times for times in newest_by_page if times is not None]
    if any(later[1] > earlier[0] for earlier, later in pairwise(spans)):
        return None
    return spans[-1][0]


def _times(reading: ParsedRows) -> tuple[datetime, datetime] | None:
    times = [row.created_at for rows in reading.rows.values() for row in rows]
    known = [time for time in times if time is not None]
    return (min(known), max(known)) if known and len(known) == len(times) else None
