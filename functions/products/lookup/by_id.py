"""Two ways of looking tasks up by TaskId: several ids in one call, or one id over the pages of a list operation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from functions.errors import Reason, UpstreamFault
from functions.model import Row
from functions.products.reading.rows import ParsedRows, Rows
from functions.products.splitting import SPLITTABLE, Splitter
from functions.upstream.caller import ActionCaller
from functions.upstream.rate_limiter import Permit

MAX_ROWS = 20_000
"""Ten ids have no more rows (docs/vendor.md 6.5); more rows for one id mean that the vendor ignored the filter."""


Results = Mapping[str, Rows | UpstreamFault]
"""For each id its rows (none: unknown there) or a fault."""
ReadRows = Callable[[object], ParsedRows]
"""Reads the rows in an answer's body. Raises UpstreamFault(MALFORMED)."""


class BatchedLookup:
    """Comma-joined ids, all rows in one answer (CDN, DCDN: docs/vendor.md 1.1)."""

    def __init__(self, caller: ActionCaller, read_rows: ReadRows) -> None:
        """`caller` calls the product's lookup operation."""
        self._caller = caller
        self._read_rows = read_rows
        self._product = caller.operation.product

    async def __call__(self, task_ids: tuple[str, ...], deadline: float, permit: Permit | None) -> Results:
        """A call that was refused because of one of its ids is split."""
        permits = [permit] if permit else []

        async def send(part: tuple[str, ...]) -> Results:
            return await self._call(part, deadline, permits.pop() if permits else None)

        parts = await Splitter(send, _refused_by).run(task_ids)
        return {task_id: found for _, results in parts for task_id, found in results.items()}

    async def _call(self, task_ids: tuple[str, ...], deadline: float, permit: Permit | None) -> Results:
        try:
            answer = await self._caller.call({"TaskId": ",".join(task_ids)}, deadline, permit)
            page = self._read_rows(answer.body)
        except UpstreamFault as fault:
            return dict.fromkeys(task_ids, fault)
        return {task_id: _rows_of(task_id, page, self._product) for task_id in task_ids}


class PagedLookup:
    """The list operation with one TaskId, all pages of it (VOD: docs/vendor.md 1.6)."""

    def __init__(self, caller: ActionCaller, read_rows: ReadRows, page_size: int) -> None:
        """`caller` calls the product's list operation."""
        self._caller = caller
        self._read_rows = read_rows
        self._page_size = page_size
        self._product = caller.operation.product

    async def __call__(self, task_ids: tuple[str, ...], deadline: float, permit: Permit | None) -> Results:
        """Each id has all rows of its task, or a fault."""
        return {task_id: await self._one(task_id, deadline, permit) for task_id in task_ids}

    async def _one(self, task_id: str, deadline: float, permit: Permit | None) -> Rows | UpstreamFault:
        try:
            pages = [await self._page(task_id, 1, deadline, permit)]
            expected = min(pages[0].total or 0, MAX_ROWS)
            if pages[0].count >= self._page_size:
                numbers = range(2, -(-expected // self._page_size) + 1)
                pages += await asyncio.gather(*(self._page(task_id, number, deadline) for number in numbers))
                # TotalCount cannot be trusted (docs/vendor.md 1.1); a page that is not full is the last.
                while pages[-1].count >= self._page_size:
                    pages.append(await self._page(task_id, len(pages) + 1, deadline))
            rows = merged_rows(task_id, pages)
            return rows or _rows_of(task_id, next((page for page in pages if page.unreadable), pages[0]), self._product)
        except UpstreamFault as fault:
            return fault

    async def _page(self, task_id: str, number: int, deadline: float, permit: Permit | None = None) -> ParsedRows:
        if number * self._page_size > MAX_ROWS + self._page_size:
            raise UpstreamFault(Reason.MALFORMED, product=self._product, detail=f"more than {MAX_ROWS} rows")
        parameters = {"TaskId": task_id, "PageNumber": number, "PageSize": self._page_size}
        answer = await self._caller.call(parameters, deadline, permit)
        return self._read_rows(answer.body)


def _refused_by(results: Results) -> str | None:
    """The code of a refused call that may concern one of its ids only."""
    fault = next(iter(results.values()))
    if not isinstance(fault, UpstreamFault) or fault.concerns not in SPLITTABLE:
        return None
    return fault.vendor_code or fault.detail


def _rows_of(task_id: str, reading: ParsedRows, product: str) -> Rows | UpstreamFault:
    rows = reading.rows.get(task_id, ())
    if not rows and reading.unreadable:
        # The unreadable row may belong to this task: "unknown" would be a guess.
        return UpstreamFault(Reason.MALFORMED, product=product, detail="a row names no task")
    return rows


def merged_rows(task_id: str, pages: Sequence[ParsedRows]) -> Rows:
    """A task's rows from several pages; a row that moved to the next page meanwhile is counted once."""
    rows: list[Row] = []
    seen: set[tuple[str, str]] = set()
    for page in pages:
        fresh = [row for row in page.rows.get(task_id, ()) if (row.object_path, row.object_type) not in seen]
        seen.update((row.object_path, row.object_type) for row in fresh)
        rows += fresh
    return tuple(rows)
