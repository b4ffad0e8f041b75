"""Collects ids asked for by different requests into as few calls as they fit in.

A full batch leaves at once; a partial one when nothing of the action is under way, or after a short linger. The ids
of a batch are chosen when its call is free to go, not before: whoever came meanwhile rides along, and an id that
nobody waits for any more is dropped before it costs a token.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from functions.upstream.caller import ActionCaller
from functions.upstream.rate_limiter import Permit

log = logging.getLogger(__name__)

LONGEST_LINGER_SECONDS = 0.05
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Fetch = Callable[[tuple[str, ...], float, Permit], Awaitable[Mapping[str, T]]]
"""Asks the vendor for these ids, by a deadline, with a permit for the first call; answers for every one of them."""


class Bulk(Protocol[T_co]):
    """A way of asking for very many ids that is cheaper than batches, but may leave some of them unanswered."""

    def calls_for(self, ids: int) -> int:
        """How many calls `ids` waiting ids will take, by this way or by batches, whichever is cheaper."""

    def worth(self, ids: int) -> bool:
        """Whether this way is the cheaper one for `ids` waiting ids."""

    def run(self, keys: tuple[str, ...], deadline: float, permit: Permit) -> AsyncIterator[tuple[str, T_co]]:
        """Answers as they become known. What is left when it ends is asked for in batches."""


class InFlight(Generic[T]):
    """One id on its way: shared by all who ask for it, and given up when the last of them has left."""

    def __init__(self, key: str, deadline: float, *, at_once: bool, now: float) -> None:
        """`at_once` spares it the linger."""
        self.key = key
        self.deadline = deadline
        self.at_once = at_once
        self.queued_at = now
        self.waiters = 0
        self.batch: int | None = None
        self.left_by_bulk = False
        self.result: asyncio.Future[T] = asyncio.get_running_loop().create_future()


class Batcher(Generic[T]):
    """Turns asked ids into batches; `fetch` gets at most `size` ids, and its faults are values, not exceptions."""

    def __init__(self, channel: ActionCaller, size: int, fetch: Fetch[T], bulk: Bulk[T] | None = None) -> None:
        """One batcher per by-id action."""
        self._channel = channel
        self._size = size
        self._fetch = fetch
        self._bulk = bulk
        self._flights: dict[str, InFlight[T]] = {}
        self._queue: dict[str, InFlight[T]] = {}
        self._under_way: dict[int, tuple[asyncio.Task[None], tuple[InFlight[T], ...]]] = {}
        self._batches = 0
        self._pump: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    def board(self, keys: Collection[str], deadline: float) -> list[InFlight[T]]:
        """A flight for every key, joining those already under way. Each must be left with `leave`.

        A flight whose `result` is cancelled was lost to an error in this program; it is logged here.
        """
        now = asyncio.get_running_loop().time()
        at_once = not self._under_way and not self._queue
        flights = [self._flight(key, deadline, at_once=at_once, now=now) for key in keys]
        self._start_pump()
        self._changed.set()
        return flights

    def leave(self, flights: Collection[InFlight[T]]) -> None:
        """These are not waited for any more, by this asker."""
        for flight in flights:
            flight.waiters -= 1
            if flight.waiters == 0 and self._queue.get(flight.key) is flight:
                del self._queue[flight.key], self._flights[flight.key]
        for task, aboard in tuple(self._under_way.values()):
            if not any(flight.waiters for flight in aboard):
                self._forget(aboard)  # at once: who asks before the task is gone must not board it
                task.cancel()
        if not self._queue and self._pump is not None:
            self._pump.cancel()
            self._pump = None

    def calls_for(self, further: int = 0) -> int:
        """How many calls the queue will take as it stands, and with so many `further` ids."""
        ids = len(self._queue) + further
        return self._bulk.calls_for(ids) if self._bulk else -(-ids // self._size)

    def _flight(self, key: str, deadline: float, *, at_once: bool, now: float) -> InFlight[T]:
        flight = self._flights.get(key)
        if flight is None:
            flight = InFlight(key, deadline, at_once=at_once, now=now)
            self._flights[key] = self._queue[key] = flight
        else:
            self._channel.figures.shared += 1
            flight.deadline = max(flight.deadline, deadline)
        flight.waiters += 1
        return flight

    def _start_pump(self) -> None:
        if self._queue and self._pump is None:
            self._pump = asyncio.create_task(self._pump_batches())

    async def _pump_batches(self) -> None:
        try:
            while self._queue:
                await self._until_ready()
                permit = await self._channel.limiter.acquire()
                if bulk := self._take_for_bulk():
                    self._depart(bulk, self._fly_in_bulk(bulk, permit), permit)
                elif batch := self._take():
                    self._depart(batch, self._fly(batch, permit), permit)
                else:
                    permit.unused()
        finally:
            if self._pump is asyncio.current_task():
                self._pump = None

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
        oldest = next(iter(self._queue.values()))
        if len(self._queue) >= self._size or oldest.at_once or not self._under_way:
            return 0.0
        linger = min(LONGEST_LINGER_SECONDS, self._channel.figures.median_latency or LONGEST_LINGER_SECONDS)
        return oldest.queued_at + linger - now

    def _take(self) -> tuple[InFlight[T], ...]:
        batch = tuple(islice(self._queue.values(), self._size))
        for flight in batch:
            del self._queue[flight.key]
        return batch

    def _take_for_bulk(self) -> tuple[InFlight[T], ...]:
        if self._bulk is None:
            return ()
        fresh = tuple(flight for flight in self._queue.values() if not flight.left_by_bulk)
        if not self._bulk.worth(len(fresh)):
            return ()
        for flight in fresh:
            del self._queue[flight.key]
        return fresh

    def _depart(self, batch: tuple[InFlight[T], ...], journey: Coroutine[Any, Any, None], permit: Permit) -> None:
        self._batches += 1
        number = self._batches
        for flight in batch:
            flight.batch = number
        self._channel.figures.batched(len(batch))
        task = asyncio.create_task(journey)
        self._under_way[number] = (task, batch)
        # Not a `finally` in the journey: a task that is cancelled before its first step never enters it.
        task.add_done_callback(lambda over: self._landed(over, number, batch, permit))

    def _landed(self, task: asyncio.Task[None], number: int, batch: tuple[InFlight[T], ...], permit: Permit) -> None:
        """See to it that every flight is answered, queued again, or given up, whatever happened."""
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("a batch was lost", exc_info=fault, extra={"members": {"action": self._channel.operation.action}})
        permit.unused()  # no effect when the call was made
        # A flight that bulk left is queued again, and may be on its next journey by now.
        over = [flight for flight in batch if flight.batch == number]
        for flight in over:
            flight.result.cancel()  # no effect on those answered
        self._forget(over)
        del self._under_way[number]
        self._changed.set()

    async def _fly(self, batch: tuple[InFlight[T], ...], permit: Permit) -> None:
        deadline = max(flight.deadline for flight in batch)
        answers = await self._fetch(tuple(flight.key for flight in batch), deadline, permit)
        for flight in batch:
            if not flight.result.done():
                flight.result.set_result(answers[flight.key])

    async def _fly_in_bulk(self, batch: tuple[InFlight[T], ...], permit: Permit) -> None:
        assert self._bulk is not None  # noqa: S101 -- only taken when there is one
        aboard = {flight.key: flight for flight in batch}
        deadline = max(flight.deadline for flight in batch)
        async for key, answer in self._bulk.run(tuple(aboard), deadline, permit):
            flight = aboard.pop(key)
            if not flight.result.done():
                flight.result.set_result(answer)
        for flight in aboard.values():
            if flight.waiters:
                flight.left_by_bulk, flight.batch = True, None
                self._queue[flight.key] = flight
        self._start_pump()

    def _forget(self, flights: Collection[InFlight[T]]) -> None:
        for flight in flights:
            if self._flights.get(flight.key) is flight:
                del self._flights[flight.key]
