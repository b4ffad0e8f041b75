"""The two ways a product can be asked for tasks by TaskId: many ids in one answer, or one id over several pages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from functions.errors import Reason, UpstreamFault
from functions.model import Row
from functions.products.lookup.loader import Rows
from functions.products.rows import ParsedRows, read_tasks
from functions.products.spec import ProductSpec
from functions.upstream.caller import ActionCaller
from functions.upstream.rate_limiter import Permit

MAX_ROWS = 20_000
"""More rows than ten ids can hold (facts 6.5) are no answer to one id: the filter was ignored."""


class Lookup(Protocol):
    """Rows (none: unknown there) or a fault for every id, by a deadline; never raises UpstreamFault."""

    async def __call__(
        self, task_ids: tuple[str, ...], deadline: float, permit: Permit | None
    ) -> Mapping[str, Rows | UpstreamFault]:
        """`permit` is for the first call."""


class BatchedLookup:
    """Comma-joined ids, everything in one answer (CDN, DCDN: facts 1.1)."""

    def __init__(self, spec: ProductSpec, channel: ActionCaller) -> None:
        """`channel` is the one of the product's lookup operation."""
        self._spec = spec
        self._channel = channel

    async def __call__(
        self, task_ids: tuple[str, ...], deadline: float, permit: Permit | None
    ) -> Mapping[str, Rows | UpstreamFault]:
        """A call refused for one bad id is split, until the bad one stands alone (facts 5.3)."""
        try:
            answer = await self._channel.call({"TaskId": ",".join(task_ids)}, deadline, permit)
            reading = read_tasks(answer.body, self._spec.words, product=self._spec.name)
        except UpstreamFault as fault:
            if fault.reason is not Reason.REJECTED or len(task_ids) == 1:
                return dict.fromkeys(task_ids, fault)
            return await self._halves(task_ids, deadline)
        return {task_id: _rows_of(task_id, reading, self._spec.name) for task_id in task_ids}

    async def _halves(self, task_ids: tuple[str, ...], deadline: float) -> Mapping[str, Rows | UpstreamFault]:
        middle = len(task_ids) // 2
        first, second = await asyncio.gather(
            self(task_ids[:middle], deadline, None), self(task_ids[middle:], deadline, None)
        )
        return {**first, **second}


class PagedLookup:
    """The list operation with one TaskId, all pages of it (VOD: facts 1.6)."""

    def __init__(self, spec: ProductSpec, channel: ActionCaller) -> None:
        """`channel` is the one of the product's lookup operation."""
        self._spec = spec
        self._channel = channel
        self._page_size = spec.lookup.page_size or 1

    async def __call__(
        self, task_ids: tuple[str, ...], deadline: float, permit: Permit | None
    ) -> Mapping[str, Rows | UpstreamFault]:
        """A task is answered whole or not at all."""
        return {task_id: await self._one(task_id, deadline, permit) for task_id in task_ids}

    async def _one(self, task_id: str, deadline: float, permit: Permit | None) -> Rows | UpstreamFault:
        try:
            pages = [await self._page(task_id, 1, deadline, permit)]
            expected = min(pages[0].total or 0, MAX_ROWS)
            if pages[0].count >= self._page_size:
                numbers = range(2, -(-expected // self._page_size) + 1)
                pages += await asyncio.gather(*(self._page(task_id, number, deadline) for number in numbers))
                # TotalCount is not to be trusted (facts 1.1), a short page is.
                while pages[-1].count >= self._page_size:
                    pages.append(await self._page(task_id, len(pages) + 1, deadline))
            rows = merged_rows(task_id, pages)
            return rows or _rows_of(
                task_id, next((page for page in pages if page.unreadable), pages[0]), self._spec.name
            )
        except UpstreamFault as fault:
            return fault

    async def _page(self, task_id: str, number: int, deadline: float, permit: Permit | None = None) -> ParsedRows:
        if number * self._page_size > MAX_ROWS + self._page_size:
            raise UpstreamFault(Reason.MALFORMED, product=self._spec.name, detail=f"more than {MAX_ROWS} rows")
        parameters = {"TaskId": task_id, "PageNumber": number, "PageSize": self._page_size}
        answer = await self._channel.call(parameters, deadline, permit)
        return read_tasks(answer.body, self._spec.words, product=self._spec.name)


def lookup_of(spec: ProductSpec, channel: ActionCaller) -> Lookup:
    """The way this product is asked."""
    return BatchedLookup(spec, channel) if spec.lookup.page_size is None else PagedLookup(spec, channel)


def _rows_of(task_id: str, reading: ParsedRows, product: str) -> Rows | UpstreamFault:
    rows = reading.rows.get(task_id, ())
    if not rows and reading.unreadable:
        # The unreadable row may have been this task's: "no tasks" would be a guess.
        return UpstreamFault(Reason.MALFORMED, product=product, detail="a row names no task")
    return rows


def merged_rows(task_id: str, pages: Sequence[ParsedRows]) -> Rows:
    """A task's rows out of several pages; one that moved to the next page while it was fetched is counted once."""
    rows: list[Row] = []
    seen: set[tuple[str, str]] = set()
    for page in pages:
        fresh = [row for row in page.rows.get(task_id, ()) if (row.object_path, row.object_type) not in seen]
        seen.update((row.object_path, row.object_type) for row in fresh)
        rows += fresh
    return tuple(rows)
