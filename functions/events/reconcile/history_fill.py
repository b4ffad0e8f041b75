"""Fills the history with tasks that nobody asks about: the timer lists a part of what has become an hour old.

    tasks/fill.json    a Progress

Each minute at most one page is read, so what it costs the account is a few calls of lists. A page that could not be
read is read by the next timer, and so is one whose timer was killed.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import msgspec

from functions.errors import InvalidRequest, StoreFault
from functions.logs import log_event
from functions.model import VENDOR_WINDOW, Clock
from functions.store.protocol import ObjectStore
from functions.tasks.query import MAX_PAGE_SIZE, ListQuery
from functions.tasks.results import NothingAnswered, Tasks

STATE_KEY = "tasks/fill.json"
DONE_SECONDS = 3_600
"""Most tasks are over when they are so old (docs/vendor.md 2); what is not is left to those who ask for it."""
RANGE_SECONDS = 3_600
SHORTEST_RANGE_SECONDS = 600
"""Younger tasks are waited for, so that a quiet account costs a list in ten minutes."""
_EDGE_SECONDS = 300
"""What the vendor forgets first is not begun with."""


class Progress(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Seconds of creation, the end excluded; what is older is filled. The list of them goes on at `page_token`."""

    start: int
    end: int
    page_token: str | None = None


class HistoryFill:
    """Reads a page whenever the timer calls."""

    def __init__(self, store: ObjectStore, tasks: Tasks, products: tuple[str, ...], clock: Clock) -> None:
        """`tasks` keeps what it lists (docs/contract.md 3.10)."""
        self._store = store
        self._tasks = tasks
        self._products = products
        self._clock = clock

    async def run(self) -> None:
        """Read the next page, if there is one; raises nothing that a store or a product says."""
        try:
            progress = await self._progress()
            if progress is not None:
                await self._store.put(STATE_KEY, msgspec.json.encode(await self._after(progress)))
        except (StoreFault, NothingAnswered) as fault:
            log_event("history-unfilled", level=logging.WARNING, detail=str(fault))

    async def _after(self, progress: Progress) -> Progress:
        """What is left when the next page has been read. Raises NothingAnswered."""
        query = ListQuery(
            products=self._products,
            start=datetime.fromtimestamp(progress.start, UTC),
            end=datetime.fromtimestamp(progress.end, UTC),
            page_size=MAX_PAGE_SIZE,
            page_token=progress.page_token,
        )
        try:
            page = (await self._tasks.list(query)).page
        except InvalidRequest:  # another version or other settings wrote the token
            return msgspec.structs.replace(progress, page_token=None)
        await self._tasks.settle()
        if page.next_page_token is None:
            return Progress(progress.end, progress.end)
        return msgspec.structs.replace(progress, page_token=page.next_page_token)

    async def _progress(self) -> Progress | None:
        """Where to go on; None while there is too little to read. Raises StoreFault."""
        now = int(self._clock.now().wall)
        oldest = now - int(VENDOR_WINDOW.total_seconds()) + _EDGE_SECONDS
        progress = _decoded(await self._store.get(STATE_KEY)) or Progress(oldest, oldest)
        if progress.start < oldest:
            progress = Progress(oldest, oldest)
        if progress.start < progress.end:
            return progress
        end = min(progress.start + RANGE_SECONDS, now - DONE_SECONDS)
        return Progress(progress.start, end) if end - progress.start >= SHORTEST_RANGE_SECONDS else None


def _decoded(body: bytes | None) -> Progress | None:
    try:
        return None if body is None else msgspec.json.decode(body, type=Progress)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
