"""Batches keys wanted by different requests into as few calls as they fit in (the DataLoader pattern).

A full batch starts at once; a partial one when no call of the action is running, or after a short linger. Its keys are
chosen when a call is free to start, not before: a key wanted meanwhile joins the batch, and a key that nobody waits for
any more leaves it before it costs a call. Callers are served in turn (`fair_queue`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Hashable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from functions.logs import log_event
from functions.upstream.caller import ActionCaller
from functions.upstream.fair_queue import FairQueue, Lane
from functions.upstream.rate_limiter import Permit

MAX_LINGER_SECONDS = 0.05
K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Fetch = Callable[[tuple[K, ...], float, Permit], Awaitable[Mapping[K, T]]]
"""Fetches these keys by a deadline, with a permit for the first call; returns a result for every one of them."""


class BulkFetch(Protocol[K, T_co]):
    """Fetches very many keys in fewer calls than batches would take, but may leave some of them without a result."""

    def calls_for(self, keys: int) -> int:
        """How many calls so many waiting keys will take, by bulk or by batches, whichever is cheaper."""

    def pays_off(self, keys: int) -> bool:
        """Whether bulk is cheaper than batches for so many waiting keys."""

    def run(self, keys: tuple[K, ...], deadline: float, permit: Permit) -> AsyncIterator[tuple[K, T_co]]:
        """Results as they become known. Keys without one when it ends are fetched in batches."""


class InFlight(Generic[K, T]):
    """One key being fetched: shared by all who want it, given up when the last of them has left."""

    def __init__(self, key: K, caller: str, deadline: float, *, skip_linger: bool, now: float) -> None:
        """`caller` was the first to want it; `deadline` and `now` are on the loop's clock."""
        self.key = key
        self.caller = caller
        self.deadline = deadline
        self.skip_linger = skip_linger
        self.queued_at = now
        self.waiters = 0
        self.batch: int | None = None
        self.missed_by_bulk = False
        self.result: asyncio.Future[T] = asyncio.get_running_loop().create_future()


class Flights(Protocol[K, T]):
    """What turns wanted keys into calls: a `Batcher` for this instance alone, or one for all (docs/fleet.md)."""

    def join(
        self, keys: Mapping[K, Lane], deadline: float, caller: str, is_fresh: Callable[[K], bool] = ..., /
    ) -> list[InFlight[K, T]]:
        """As `Batcher.join`; what is learned of a key other than by a call will do where `is_fresh` says so."""

    def leave(self, joined: Collection[InFlight[K, T]]) -> None:
        """As `Batcher.leave`."""

    def calls_for(self, further: int, *, lane: Lane, caller: str) -> int:
        """As `Batcher.calls_for`."""


class Batcher(Generic[K, T]):
    """Turns wanted keys into batches of at most `size`; faults of `fetch` are results, not exceptions."""

    def __init__(
        self, caller: ActionCaller, size: int, fetch: Fetch[K, T], bulk: BulkFetch[K, T] | None = None
    ) -> None:
        """One batcher per action; `caller` is the one that `fetch` calls."""
        self._caller = caller
        self._size = size
        self._fetch = fetch
        self._bulk = bulk
        self._in_flight: dict[K, InFlight[K, T]] = {}
        self._queue: FairQueue[K, InFlight[K, T]] = FairQueue()
        self._running: dict[int, tuple[asyncio.Task[None], tuple[InFlight[K, T], ...]]] = {}
        self._batches_started = 0
        self._dispatcher: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    def join(
        self, keys: Mapping[K, Lane], deadline: float, caller: str, _is_fresh: object = None, /
    ) -> list[InFlight[K, T]]:
        """An InFlight for every key, shared with those who want it already. `leave` must be called with them.

        `keys` says in which lane each key waits for its turn, among those of `caller`. A cancelled `result` means that
        the batch met a bug; it is logged.
        """
        now = asyncio.get_running_loop().time()
        idle = not self._running and not self._queue
        joined = []
        for key, lane in keys.items():
            flight = self._in_flight.get(key)
            if flight is None:
                flight = self._in_flight[key] = InFlight(key, caller, deadline, skip_linger=idle, now=now)
                self._queue.push(key, flight, lane=lane, caller=caller)
            else:
                if self._queue.get(key) is flight:  # it need not wait for the turn of who wanted it first
                    self._queue.push(key, flight, lane=lane, caller=caller)
                self._caller.metrics.shared += 1
                flight.deadline = max(flight.deadline, deadline)
            flight.waiters += 1
            joined.append(flight)
        self._start_dispatcher()
        self._changed.set()
        self._caller.limiter.serve()
        return joined

    def leave(self, joined: Collection[InFlight[K, T]]) -> None:
        """Stop waiting for these; what nobody waits for any more is cancelled."""
        for flight in joined:
            flight.waiters -= 1
            if flight.waiters == 0 and self._queue.get(flight.key) is flight:
                self._queue.pop(flight.key)
                del self._in_flight[flight.key]
        for task, batch in tuple(self._running.values()):
            if not any(flight.waiters for flight in batch):
                self._remove(batch)  # now, not when the task has ended: a new request must not join it
                task.cancel()
        if not self._queue and self._dispatcher is not None:
            self._dispatcher.cancel()
            self._dispatcher = None

    def calls_for(self, further: int, *, lane: Lane, caller: str) -> int:
        """How many calls it takes until so many `further` keys of the caller are fetched, too."""
        keys = self._queue.ahead_of(further, lane=lane, caller=caller)
        calls = -(-keys // self._size)
        return min(calls, self._bulk.calls_for(len(self._queue) + further)) if self._bulk else calls

    def _start_dispatcher(self) -> None:
        if self._queue and self._dispatcher is None:
            self._dispatcher = asyncio.create_task(self._dispatch())

    async def _dispatch(self) -> None:
        try:
            while self._queue:
                await self._until_ready()
                permit = await self._caller.limiter.acquire(self._reserve)
                if bulk := self._take_for_bulk():
                    self._start(bulk, self._run_bulk(bulk, permit), permit)
                elif batch := self._take_batch():
                    self._start(batch, self._run_batch(batch, permit), permit)
                else:
                    permit.unused()
        finally:
            if self._dispatcher is asyncio.current_task():
                self._dispatcher = None

    def _reserve(self) -> int:
        """Permits that a backlog leaves unused, so that a caller who comes meanwhile need not wait a whole window."""
        running = {flight.caller for _, batch in self._running.values() for flight in batch}
        backlog = len(self._queue) > self._size and self._queue.callers <= running
        return self._caller.limiter.newcomers_share if backlog else 0

    async def _until_ready(self) -> None:
        loop = asyncio.get_running_loop()
        while self._queue and (rest := self._linger_left(loop.time())) > 0:
            self._changed.clear()
            try:
                async with asyncio.timeout(rest):
                    await self._changed.wait()
            except TimeoutError:
                return

    def _linger_left(self, now: float) -> float:
        oldest = next(iter(self._queue))
        if len(self._queue) >= self._size or oldest.skip_linger or not self._running:
            return 0.0
        linger = min(MAX_LINGER_SECONDS, self._caller.metrics.median_latency or MAX_LINGER_SECONDS)
        return oldest.queued_at + linger - now

    def _take_batch(self) -> tuple[InFlight[K, T], ...]:
        return self._queue.take(self._size)

    def _take_for_bulk(self) -> tuple[InFlight[K, T], ...]:
        if self._bulk is None:
            return ()
        untried = tuple(flight for flight in self._queue if not flight.missed_by_bulk)
        if not self._bulk.pays_off(len(untried)):
            return ()
        for flight in untried:
            self._queue.pop(flight.key)
        return untried

    def _start(self, batch: tuple[InFlight[K, T], ...], work: Coroutine[Any, Any, None], permit: Permit) -> None:
        self._batches_started += 1
        number = self._batches_started
        for flight in batch:
            flight.batch = number
        self._caller.metrics.count_batch(len(batch))
        task = asyncio.create_task(work)
        self._running[number] = (task, batch)
        # Not a `finally` in the work: a task that is cancelled before its first step never enters it.
        task.add_done_callback(lambda ended: self._finished(ended, number, batch, permit))

    def _finished(
        self, task: asyncio.Task[None], number: int, batch: tuple[InFlight[K, T], ...], permit: Permit
    ) -> None:
        """Make sure that every key of the batch has a result, is queued again, or is given up."""
        if not task.cancelled() and (fault := task.exception()) is not None:
            log_event("batch lost", level=logging.ERROR, exception=fault, action=self._caller.operation.action)
        permit.unused()  # no effect when the call was made
        # What bulk missed has been queued again, and may be in another batch by now.
        ended = [flight for flight in batch if flight.batch == number]
        for flight in ended:
            flight.result.cancel()  # no effect on those with a result
        self._remove(ended)
        del self._running[number]
        self._changed.set()

    async def _run_batch(self, batch: tuple[InFlight[K, T], ...], permit: Permit) -> None:
        deadline = max(flight.deadline for flight in batch)
        results = await self._fetch(tuple(flight.key for flight in batch), deadline, permit)
        for flight in batch:
            if not flight.result.done():
                flight.result.set_result(results[flight.key])

    async def _run_bulk(self, batch: tuple[InFlight[K, T], ...], permit: Permit) -> None:
        assert self._bulk is not None  # noqa: S101 -- only taken when there is one
        missing = {flight.key: flight for flight in batch}
        deadline = max(flight.deadline for flight in batch)
        async for key, result in self._bulk.run(tuple(missing), deadline, permit):
            flight = missing.pop(key)
            if not flight.result.done():
                flight.result.set_result(result)
        for flight in missing.values():
            if flight.waiters:
                flight.missed_by_bulk, flight.batch = True, None
                self._queue.push(flight.key, flight, lane=Lane.NEW, caller=flight.caller)
        self._start_dispatcher()

    def _remove(self, flights: Collection[InFlight[K, T]]) -> None:
        for flight in flights:
            if self._in_flight.get(flight.key) is flight:
                del self._in_flight[flight.key]
