"""Very many ids of a product without a multi-id call: walk its list instead of asking one by one.

One page of the newest-first list shows 50 rows, a by-id call shows one task. Above a break-even it is cheaper to read
the whole window once and pick the wanted tasks out of it. The window's end is fixed when the walk begins, so tasks
created meanwhile are not in it, and rows added to it only push others to later pages: a walk forward meets some twice
and misses none. A task is answered when the walk is past its creation second, that is: with all its rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise

from functions.errors import UpstreamFault
from functions.model import VENDOR_WINDOW, Clock
from functions.products.lookup.by_id import merged_rows
from functions.products.lookup.loader import Rows
from functions.products.rows import ParsedRows, read_tasks
from functions.products.spec import ProductSpec
from functions.upstream.caller import ActionCaller
from functions.upstream.rate_limiter import Permit

MIN_IDS = 10
"""Fewer ids are not worth finding out how large the window is: that costs a call of its own."""
_LARGEST_WALK_PAGES = 400
_UNKNOWN_WINDOW_PAGES = 20
_SIZE_HOLDS_SECONDS = 120.0
_PAGES_AT_ONCE = 8
_MARGIN = timedelta(minutes=1)
"""Our clock is not the vendor's; asking beyond its three days would be refused (InvalidTime)."""


class WindowScan:
    """The bulk way of one product."""

    def __init__(self, spec: ProductSpec, channel: ActionCaller, clock: Clock) -> None:
        """`channel` is the one of the product's list operation."""
        self._spec = spec
        self._channel = channel
        self._clock = clock
        self._page_size = spec.listing.page_size
        self._pages: int | None = None
        self._sized_at = clock.now()

    def calls_for(self, ids: int) -> int:
        """One call per id below the break-even, the window's pages above it."""
        return min(ids, self._known_pages() or _UNKNOWN_WINDOW_PAGES) if self.worth(ids) else ids

    def worth(self, ids: int) -> bool:
        """Whether reading the window costs fewer calls than asking for `ids` one by one."""
        pages = self._known_pages()
        return ids >= MIN_IDS and (pages is None or pages < ids)

    async def run(self, keys: tuple[str, ...], deadline: float, permit: Permit) -> AsyncIterator[tuple[str, Rows]]:
        """Tasks as they are complete; ends when all are found, the rest is cheaper singly, or something is wrong."""
        wanted = set(keys)
        end = self._clock.now().utc
        seen: list[ParsedRows] = []
        try:
            first = await self._page(1, end, deadline, permit)
            self._learn_size(first)
            seen.append(first)
            while wanted:
                if any(reading.unreadable for reading in seen):
                    return  # a row that names no task may have been any task's
                over = seen[-1].count < self._page_size
                for task_id, rows in self._complete(wanted, seen, over=over):
                    wanted.discard(task_id)
                    yield task_id, rows
                if over or not wanted or not self._still_worth(len(wanted), len(seen)):
                    return
                seen += await self._next_pages(len(seen), end, deadline)
        except UpstreamFault:
            return  # what is left is asked for singly, and meets the fault by name if it stays

    async def _next_pages(self, read: int, end: datetime, deadline: float) -> list[ParsedRows]:
        last = max(self._pages or 0, read + 1)
        numbers = range(read + 1, min(read + _PAGES_AT_ONCE, last) + 1)
        return await asyncio.gather(*(self._page(number, end, deadline) for number in numbers))

    async def _page(self, number: int, end: datetime, deadline: float, permit: Permit | None = None) -> ParsedRows:
        parameters = {
            "StartTime": _vendor_time(end - VENDOR_WINDOW + _MARGIN),
            "EndTime": _vendor_time(end),
            "PageNumber": number,
            "PageSize": self._page_size,
        }
        answer = await self._channel.call(parameters, deadline, permit)
        return read_tasks(answer.body, self._spec.words, product=self._spec.name)

    def _learn_size(self, first: ParsedRows) -> None:
        if first.count < self._page_size:
            self._pages = 1
        elif first.total is not None:
            self._pages = -(-first.total // self._page_size)
        else:
            self._pages = None
        self._sized_at = self._clock.now()

    def _known_pages(self) -> int | None:
        return self._pages if self._sized_at.age_at(self._clock.now()) < _SIZE_HOLDS_SECONDS else None

    def _still_worth(self, wanted: int, read: int) -> bool:
        pages = self._pages or read + 1
        return pages - read < wanted and read < _LARGEST_WALK_PAGES

    def _complete(self, wanted: set[str], seen: list[ParsedRows], *, over: bool) -> list[tuple[str, Rows]]:
        """Wanted tasks no further page can hold rows of."""
        passed = None if over else _oldest_if_descending(seen)
        complete = []
        for task_id in {key for reading in seen for key in reading.rows} & wanted:
            rows = merged_rows(task_id, seen)
            if over or (passed is not None and all(row.created_at and row.created_at > passed for row in rows)):
                complete.append((task_id, rows))
        return complete


def _oldest_if_descending(seen: list[ParsedRows]) -> datetime | None:
    """The creation time the walk has come to; None if the list is not newest first, as nobody documents it to be."""
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


def _vendor_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
