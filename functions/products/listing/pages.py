"""A product's list operation, one page at a time: what the vendor can be asked, and what a page of rows is.

Seconds here are whole epoch seconds, the resolution of the vendor's creation times, and ranges include both ends.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import msgspec
from msgspec.structs import replace

from functions.model import VENDOR_WINDOW, Clock, Moment, Row
from functions.products.rows import ParsedRows
from functions.upstream.single_flight import SingleFlight

_MARGIN_SECONDS = 30
"""A call may wait this long for its turn and still begin within the vendor's three days (else: InvalidTime)."""
_EDGE_STEP_SECONDS = 10
"""The window's edge moves in steps, so that equal questions are asked in equal words and can be shared."""
_KEPT_PAGES = 64


class VendorFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows a list operation shows; `status` is the vendor's word. None does not filter.

    DomainName and Status need an ObjectType (docs/vendor.md 1.2); who makes a filter sees to it.
    """

    object_path: str | None = None
    domain_name: str | None = None
    object_type: str | None = None
    status: str | None = None

    @property
    def shows_whole_tasks(self) -> bool:
        """Whether a task comes with all its rows or none; by type it may: a submit has one (docs/vendor.md 2)."""
        return (self.object_path, self.domain_name, self.status) == (None, None, None)

    @property
    def moves(self) -> bool:
        """Whether rows leave the list as time goes on: then page numbers skip some of those that stay."""
        return self.status is not None


EVERY_ROW = VendorFilter()


class PageCall(msgspec.Struct, frozen=True, kw_only=True):
    """One page of rows created from `start` to `end`. `end` None names no times: the vendor's three days up to now."""

    asks: VendorFilter
    start: int
    end: int | None
    number: int


class ListPage(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, newest first; `more` tells that another page may follow.

    `readable` is False when a row named no task, so that any task on the page may lack one.
    """

    rows: tuple[Row, ...]
    more: bool
    readable: bool
    asked: Moment


ReadPage = Callable[[PageCall, float], Awaitable[ParsedRows]]
"""`Adapter.list_page`."""


class Listing:
    """Pages of one product's list; equal calls of different callers are made once."""

    def __init__(self, read_page: ReadPage, page_size: int, rate: float, clock: Clock, fresh_seconds: float) -> None:
        """`read_page` makes one call; `rate` is the calls a second it is set to.

        A page serves every caller for `fresh_seconds`.
        """
        self.rate = rate
        self._read_page = read_page
        self._page_size = page_size
        self._clock = clock
        self._shared: SingleFlight[ListPage] = SingleFlight(clock, fresh_seconds, _KEPT_PAGES)

    async def page(self, call: PageCall, deadline: float) -> ListPage:
        """The page, by `deadline` (the loop's clock). Raises UpstreamFault."""
        now = self._clock.now()
        start = max(call.start, _edge(now))
        if call.end is not None and start > call.end:  # all of it has left the vendor's three days
            return ListPage(rows=(), more=False, readable=True, asked=now)
        # An end in the future is not known to be allowed (InvalidEndTime.ValueNotSupported).
        end = None if call.end is None else min(call.end, int(now.wall))
        asked = replace(call, start=start if end is not None else 0, end=end)
        return await self._shared.run(asked, lambda: self._ask(asked, deadline))

    def forget(self) -> None:
        """Keep no page."""
        self._shared.clear()

    async def _ask(self, call: PageCall, deadline: float) -> ListPage:
        asked = self._clock.now()
        reading = await self._read_page(call, deadline)
        count, size = reading.count + reading.unreadable, self._page_size
        # A full page may be followed by another whatever TotalCount says; a short one only if TotalCount says so.
        more = count >= size or (count > 0 and (reading.total or 0) > call.number * size)
        rows = tuple(row for rows in reading.rows.values() for row in rows)
        return ListPage(rows=rows, more=more, readable=not reading.unreadable, asked=asked)


def _edge(now: Moment) -> int:
    oldest = now.wall - VENDOR_WINDOW.total_seconds() + _MARGIN_SECONDS
    return math.ceil(oldest / _EDGE_STEP_SECONDS) * _EDGE_STEP_SECONDS
