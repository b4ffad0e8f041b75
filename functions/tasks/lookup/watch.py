"""Watches tasks for everybody who waits for them: one watch for each distinct set of ids, alive while it has viewers.

A watch asks the service again when `poll_interval` says so. Viewers read its newest answer when they are ready for it;
nothing is queued for them, so a slow viewer costs no memory and delays nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Hashable
from contextlib import asynccontextmanager, suppress

import msgspec

from functions.logs import log_event
from functions.tasks.lookup.ends_wait import ends_wait
from functions.tasks.lookup.orders import Orders
from functions.tasks.lookup.poll_interval import AFTER_FAULT_SECONDS
from functions.tasks.query import LookupQuery, RequestedId
from functions.tasks.results import LookupAnswer, NothingAnswered

Lookup = Callable[[LookupQuery], Awaitable[LookupAnswer]]

_VIEWERS_WOKEN_TOGETHER = 2
"""A woken viewer encodes its answer at once; after so many the event loop serves other requests first."""


class Watches:
    """All watches of this instance."""

    def __init__(self, lookup: Lookup) -> None:
        """`lookup` answers a query, asking the vendor only for what is due."""
        self._lookup = lookup
        self._watches: dict[Hashable, Watch] = {}
        self._closed = False

    def end_waits(self) -> None:
        """End the waits there are, each with its newest answer; later ones start a new watch."""
        for watch in self._watches.values():
            watch.close()
        self._watches.clear()

    def watched(self, product: str, task_ids: Collection[str]) -> list[str]:
        """Those that somebody waits for."""
        known = set(task_ids)
        return list({each.task_id for watch in self._about(product, known) for each in watch.ids} & known)

    def look_again(self, product: str, task_ids: Collection[str]) -> None:
        """More is known of these, though not by a lookup of this instance."""
        for watch in self._about(product, set(task_ids)):
            watch.look_again()

    def _about(self, product: str, task_ids: set[str]) -> list[Watch]:
        return [
            watch
            for watch in self._watches.values()
            if any(each.task_id in task_ids and each.product in {None, product} for each in watch.ids)
        ]

    def close(self) -> None:
        """End the waits there are and allow no new ones: this instance is about to end."""
        self._closed = True
        self.end_waits()

    @asynccontextmanager
    async def watch(self, query: LookupQuery) -> AsyncIterator[Viewer]:
        """A view on the watch of the query's ids, shared by callers who may see the same; the first pays its calls."""
        key = query.watch_key
        watch = self._watches.get(key)
        if watch is None or watch.failed:  # a new subscriber must not inherit the failure of an earlier first lookup
            watch = self._watches[key] = Watch(query.canonical(), self._lookup)
        if self._closed:
            watch.close()
        watch.join()
        try:
            yield Viewer(watch, query.ids)
        finally:
            if watch.leave() and self._watches.get(key) is watch:
                del self._watches[key]

    async def hold(self, query: LookupQuery) -> LookupAnswer:
        """The answer when `query.until` holds or `query.wait` seconds are over, whichever comes first.

        Raises NothingAnswered when no product answered the first lookup.
        """
        async with self.watch(query) as viewer:
            end = asyncio.get_running_loop().time() + query.wait
            answer = await viewer.newest()
            while not ends_wait(query, answer.report):
                later = await viewer.after(answer, end)
                if later is None:
                    return msgspec.structs.replace(answer, retry_after=0)  # the wait is over: ask again at once
                answer = later
            return answer


class Watch:
    """One set of ids, looked up again and again while it has viewers, until the report is done."""

    def __init__(self, query: LookupQuery, lookup: Lookup) -> None:
        """Made by `Watches`."""
        self._query = query
        self._lookup = lookup
        self._viewers = 0
        self._answer: LookupAnswer | None = None
        self._fault: NothingAnswered | None = None
        self._orders: Orders | None = None
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._polling: asyncio.Task[None] | None = None
        self._look_again = asyncio.Event()
        self.closed = False

    def close(self) -> None:
        """End all waiting: `Viewer.after` returns at once."""
        self.closed = True
        self._wake()

    @property
    def ids(self) -> tuple[RequestedId, ...]:
        """What is looked up."""
        return self._query.ids

    def look_again(self) -> None:
        """Look up now: more is known."""
        self._look_again.set()

    @property
    def failed(self) -> bool:
        """Whether the first lookup failed."""
        return self._fault is not None

    def join(self) -> None:
        """Count one viewer more; the first one starts the polling."""
        self._viewers += 1
        if self._polling is None:
            self._polling = asyncio.create_task(self._poll())

    def leave(self) -> bool:
        """Count one viewer less; True when it was the last, which ends the polling."""
        self._viewers -= 1
        if self._viewers == 0 and self._polling is not None:
            self._polling.cancel()
        return self._viewers == 0

    async def newest(self) -> LookupAnswer:
        """The newest answer; waits for the first one. Raises NothingAnswered."""
        while self._answer is None:
            if self._fault is not None:
                raise self._fault
            await self._change()
        return self._answer

    async def other_than(self, version: str) -> LookupAnswer | None:
        """The newest answer as soon as its version is another; None when the watch is closed."""
        while self._answer is None or self._answer.report.version == version:
            if self.closed:
                return None
            await self._change()
        return self._answer

    def ordered(self, answer: LookupAnswer, ids: tuple[RequestedId, ...]) -> LookupAnswer:
        """`answer` in the order of `ids`; viewers with the same order share one object, so that it is encoded once."""
        if self._orders is None or answer is not self._answer:
            return Orders(answer).of(ids)
        return self._orders.of(ids)

    async def _change(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            raise

    async def _poll(self) -> None:
        pause = await self._poll_once()
        while pause is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._look_again.wait()
            self._look_again.clear()
            pause = await self._poll_once()

    async def _poll_once(self) -> float | None:
        """Look up once; seconds until the next lookup, None when nothing more can change."""
        try:
            answer = await self._lookup(self._query)
        except NothingAnswered as fault:
            return self._after_fault(fault)
        except Exception as fault:  # noqa: BLE001 -- a watch must tell its viewers, whatever went wrong
            log_event("lookup-failed", level=logging.ERROR, exception=fault)
            return self._after_fault(NothingAnswered(()))
        changed = self._answer is None or self._answer.report.version != answer.report.version
        self._answer, self._orders = answer, Orders(answer)
        if changed:
            self._wake()
        return None if answer.report.summary.done else answer.next_look

    def _after_fault(self, fault: NothingAnswered) -> float | None:
        """Keep the last answer and try again later; without any answer the watch is over."""
        if self._answer is not None:
            return AFTER_FAULT_SECONDS
        self._fault = fault
        self._wake()
        return None

    def _wake(self) -> None:
        """Wake all who wait now, a few at a time."""
        woken, self._waiters = self._waiters, deque()
        self._wake_some(woken)

    def _wake_some(self, waiters: deque[asyncio.Future[None]]) -> None:
        for _ in range(min(_VIEWERS_WOKEN_TOGETHER, len(waiters))):
            waiter = waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
        if waiters:
            asyncio.get_running_loop().call_soon(self._wake_some, waiters)


class Viewer:
    """One caller's view on a watch: its answers in the order that the caller asked in."""

    def __init__(self, watch: Watch, ids: tuple[RequestedId, ...]) -> None:
        """Made by `Watches.watch`."""
        self._watch = watch
        self._ids = ids

    @property
    def closed(self) -> bool:
        """Whether there will be no further answers, because this instance is about to end."""
        return self._watch.closed

    async def newest(self) -> LookupAnswer:
        """The newest answer; waits for the first one. Raises NothingAnswered."""
        return self._watch.ordered(await self._watch.newest(), self._ids)

    async def after(self, seen: LookupAnswer, end: float) -> LookupAnswer | None:
        """The newest answer once its version differs from `seen`; None at `end` (loop's clock) or when closed."""
        try:
            async with asyncio.timeout_at(end):
                later = await self._watch.other_than(seen.report.version)
        except TimeoutError:
            return None
        return None if later is None else self._watch.ordered(later, self._ids)
