"""ESA's lists, one for each site and type of task, read page by page or as a whole.

DescribePurgeTasks shows one Type at a time (`file` where none is named), DescribePreloadTasks the preloads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise

import msgspec
from msgspec.structs import replace

from functions.errors import Reason, UpstreamFault
from functions.products.adapter import AdapterContext
from functions.products.esa.operations import LIST_PRELOADS, LIST_PURGES
from functions.products.esa.rows import PRELOAD
from functions.products.family import vendor_time
from functions.products.listing.pages import EVERY_ROW, PageCall
from functions.products.lookup.by_id import merged_rows
from functions.products.reading.rows import ParsedRows, Rows
from functions.upstream.single_flight import SingleFlight

PAGE_SIZE = 50
TYPES = ("file", "directory", "ignoreParams", "cachetag", "hostname", "purgeall", PRELOAD)
_MAX_PAGES = 100
"""Five thousand rows of one list in three days: more calls than any deadline has room for."""
_MAX_KEPT = 256

ReadRows = Callable[[object, str], ParsedRows]
"""Reads an answer's body; the type is that of rows that name none."""


class EsaList(msgspec.Struct, frozen=True):
    """The tasks of one type in one site."""

    site_id: int
    type: str


class Window(msgspec.Struct, frozen=True):
    """The tasks of a list; `fault` is why others may be missing, None where these are all."""

    rows: Mapping[str, Rows]
    fault: UpstreamFault | None = None


class Lists:
    """Reads lists; equal pages and windows wanted by several callers are read once."""

    def __init__(self, context: AdapterContext, read_rows: ReadRows) -> None:
        """Nothing read yet."""
        self._callers = context.callers
        self._product = context.callers[LIST_PURGES.action].operation.product
        self._read_rows = read_rows
        self._pages: SingleFlight[ParsedRows] = SingleFlight(context.clock, context.fresh_seconds, _MAX_KEPT)
        self._windows: SingleFlight[Window] = SingleFlight(context.clock, context.fresh_seconds, _MAX_KEPT)

    async def window(self, of: EsaList, deadline: float) -> Window:
        """All tasks of the vendor's three days, as far as they can be read by `deadline`."""
        try:
            return await self._windows.run(of, lambda: self._read_window(of, deadline))
        except UpstreamFault as fault:
            return Window({}, fault)

    async def pages_up_to(self, of: EsaList, call: PageCall, deadline: float) -> Sequence[ParsedRows]:
        """The pages from the first to the one called for, as far as there are. Raises UpstreamFault."""
        pages: list[ParsedRows] = []
        for number in range(1, call.number + 1):
            asked = replace(call, number=number)
            pages.append(await self._pages.run((of, asked), partial(self._page, of, asked, deadline)))
            if pages[-1].count + pages[-1].unreadable < PAGE_SIZE:
                break
        return pages

    async def _read_window(self, of: EsaList, deadline: float) -> Window:
        every_page = PageCall(asks=EVERY_ROW, start=0, end=None, number=_MAX_PAGES)
        pages = await self.pages_up_to(of, every_page, deadline)
        rows = tasks_in(pages)
        if any(page.unreadable for page in pages):
            return Window(rows, UpstreamFault(Reason.MALFORMED, product=self._product, detail="a row names no task"))
        if pages[-1].count < PAGE_SIZE:
            return Window(rows)
        fault = UpstreamFault(Reason.DEADLINE, product=self._product, detail=f"more than {_MAX_PAGES} pages")
        return Window(_without_last_second(rows, pages), fault)

    async def _page(self, of: EsaList, call: PageCall, deadline: float) -> ParsedRows:
        preloads = of.type == PRELOAD
        given = {
            "SiteId": of.site_id,
            "Type": None if preloads else of.type,
            "Content": call.asks.object_path,
            "Status": call.asks.status,
            "StartTime": None if call.end is None else vendor_time(call.start),
            "EndTime": None if call.end is None else vendor_time(max(call.start, call.end) + 1),
            "PageNumber": call.number,
            "PageSize": PAGE_SIZE,
        }
        caller = self._callers[(LIST_PRELOADS if preloads else LIST_PURGES).action]
        answer = await caller.call({name: value for name, value in given.items() if value is not None}, deadline)
        return self._read_rows(answer.body, of.type)


def tasks_in(pages: Sequence[ParsedRows]) -> dict[str, Rows]:
    """The tasks on pages of one list, read one after the other."""
    return {task_id: merged_rows(task_id, pages) for page in pages for task_id in page.rows}


def _without_last_second(rows: Mapping[str, Rows], pages: Sequence[ParsedRows]) -> Mapping[str, Rows]:
    """The tasks that have no rows on further pages; none, should the list not be newest first: no page says it is."""
    times = [[row.created_at for found in page.rows.values() for row in found] for page in pages]
    known = [[time for time in page if time is not None] for page in times]
    if known != times or any(max(older) > min(newer) for newer, older in pairwise(known)):
        return {}
    last = min(known[-1])
    return {task_id: found for task_id, found in rows.items() if all(row.created_at != last for row in found)}
