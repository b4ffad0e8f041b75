"""Single flight: equal work wanted at the same time is done once, and its result serves for a moment longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

from functions.errors import UpstreamFault
from functions.model import Clock, Moment

T = TypeVar("T")


class _InFlight(Generic[T]):
    """Work under way, and how many callers wait for it."""

    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.waiters = 0


class SingleFlight(Generic[T]):
    """Results by key. Work that nobody waits for any more is cancelled; exceptions are never kept."""

    def __init__(self, clock: Clock, keep_seconds: float, max_kept: int) -> None:
        """A result serves until `keep_seconds` after its work began; at most `max_kept` results are kept."""
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._kept: LRUCache[Hashable, tuple[Moment, T]] = LRUCache(max_kept)
        self._in_flight: dict[Hashable, _InFlight[T]] = {}

    async def run(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """The result for `key`; `work` is called only where no equal work runs. Raises what `work` raises."""
        kept = self._kept.get(key)
        if kept is not None and kept[0].age_at(self._clock.now()) < self._keep_seconds:
            return kept[1]
        running = self._in_flight.get(key)
        if running is not None:
            try:
                return await self._wait_for(key, running)
            except UpstreamFault:
                # The first caller may have had less time left than this one: try once more.
                pass
        return await self._wait_for(key, self._in_flight.get(key) or self._start(key, work))

    def clear(self) -> None:
        """Drop every kept result."""
        self._kept.clear()

    def _start(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> _InFlight[T]:
        async def run_and_keep() -> T:
            started = self._clock.now()
            result = await work()
            self._kept[key] = (started, result)
            return result

        flight = self._in_flight[key] = _InFlight(asyncio.ensure_future(run_and_keep()))
        flight.task.add_done_callback(lambda task: self._finished(key, flight, task))
        return flight

    async def _wait_for(self, key: Hashable, flight: _InFlight[T]) -> T:
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                self._remove(key, flight)  # now, not when the task has ended: a new caller must not join it
                flight.task.cancel()

    def _finished(self, key: Hashable, flight: _InFlight[T], task: asyncio.Task[T]) -> None:
        self._remove(key, flight)
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not report one that came after the last caller left

    def _remove(self, key: Hashable, flight: _InFlight[T]) -> None:
        if self._in_flight.get(key) is flight:
            del self._in_flight[key]
