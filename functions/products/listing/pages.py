"""A product's list operation, one page at a time: what the vendor can be asked, and what a page of rows is.

Seconds here are whole epoch seconds, the resolution of the vendor's creation times, and ranges include both ends.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable
from typing import Protocol

import msgspec
from msgspec.structs import replace

from functions.model import VENDOR_WINDOW, Clock, Moment, Row
from functions.products.reading.rows import ParsedRows
from functions.upstream.rate_limiter import Permit
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


EVERY_ROW = VendorFilter()


class PageCall(msgspec.Struct, frozen=True, kw_only=True):
    """One page of rows created from `start` to `end`. `end` None names no times: the vendor's three days up to now."""

    asks: VendorFilter
    start: int
    end: int | None
    number: int


class ListPage(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, newest first; `more` tells that another page may follow.

    `pages_left` is how many follow by the vendor's TotalCount, None where it gives none; it may be wrong, so it decides
    only what is cheaper. `readable` is False when a row named no task, so that any task on the page may lack one.
    """

    rows: tuple[Row, ...]
    more: bool
    readable: bool
    asked: Moment
    pages_left: int | None = None


class ReadPage(Protocol):
    """`Adapter.list_page`: one call. Raises UpstreamFault."""

    def __call__(self, call: PageCall, deadline: float, permit: Permit | None = None) -> Awaitable[ParsedRows]:
        """The rows of the page."""


class ListSource:
    """Where one product's rows come from, page by page."""

    def __init__(self, read_page: ReadPage, page_size: int, rate: float, clock: Clock, fresh_seconds: float) -> None:
        """`read_page` makes one call; `rate` is the calls a second it is set to.

        A shared page serves every caller for `fresh_seconds`.
        """
        self.page_size = page_size
        self.rate = rate
        self._read_page = read_page
        self._clock = clock
        self._shared: SingleFlight[ListPage] = SingleFlight(clock, fresh_seconds, _KEPT_PAGES)

    async def page(self, call: PageCall, deadline: float) -> ListPage:
        """The page, by `deadline` (the loop's clock); equal calls are made once. Raises UpstreamFault."""
        call = _within_the_window(call, self._clock.now())
        return await self._shared.run(call, lambda: self.own_page(call, deadline))

    async def own_page(self, call: PageCall, deadline: float, permit: Permit | None = None) -> ListPage:
        """The page, asked for now, with `permit` if one is given. Raises UpstreamFault."""
        now = self._clock.now()
        call = _within_the_window(call, now)
        if call.end is not None and call.start > call.end:
            return ListPage(rows=(), more=False, readable=True, asked=now)
        return self._as_page(call.number, await self._read_page(call, deadline, permit), now)

    def forget(self) -> None:
        """Keep no page."""
        self._shared.clear()

    def _as_page(self, number: int, parsed: ParsedRows, asked: Moment) -> ListPage:
        size, count = self.page_size, parsed.count + parsed.unreadable
        # A full page may be followed by another whatever TotalCount says; a short one only if TotalCount says so.
        more = count >= size or (count > 0 and (parsed.total or 0) > number * size)
        return ListPage(
            rows=tuple(row for rows in parsed.rows.values() for row in rows),
            more=more,
            readable=not parsed.unreadable,
            asked=asked,
            pages_left=None if parsed.total is None else max(0, math.ceil(parsed.total / size) - number),
        )


def oldest_second(now: Moment) -> int:
    """The oldest second of creation that a call is asked for at `now`."""
    oldest = now.wall - VENDOR_WINDOW.total_seconds() + _MARGIN_SECONDS
    return math.ceil(oldest / _EDGE_STEP_SECONDS) * _EDGE_STEP_SECONDS


def _within_the_window(call: PageCall, now: Moment) -> PageCall:
    """The call with a range that the vendor takes; `start` is later than `end` when nothing of it is left."""
    if call.end is None:
        return replace(call, start=0)
    # An end in the future is not known to be allowed (InvalidEndTime.ValueNotSupported).
    return replace(call, start=max(call.start, oldest_second(now)), end=min(call.end, int(now.wall)))
