"""Equal questions asked at the same time are asked once, and the answer serves for a moment longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

from functions.errors import UpstreamFault
from functions.model import Clock, Moment

T = TypeVar("T")


class _Flight(Generic[T]):
    """A question under way, and how many wait for it."""

    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.waiters = 0


class SharedAnswers(Generic[T]):
    """Answers by question. A question nobody waits for any more is given up; faults are never kept."""

    def __init__(self, clock: Clock, seconds: float, size: int) -> None:
        """An answer is kept for `seconds` from when it was asked for; at most `size` of them."""
        self._clock = clock
        self._seconds = seconds
        self._kept: LRUCache[Hashable, tuple[Moment, T]] = LRUCache(size)
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def get(self, question: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer to `question`; `ask` fetches it where nobody else does. Raises what `ask` raises."""
        kept = self._kept.get(question)
        if kept is not None and kept[0].age_at(self._clock.now()) < self._seconds:
            return kept[1]
        flight = self._flights.get(question)
        if flight is not None:
            try:
                return await self._aboard(question, flight)
            except UpstreamFault:
                # Whoever asked first may have had less time left than this caller has.
                pass
        return await self._aboard(question, self._flights.get(question) or self._depart(question, ask))

    def forget(self) -> None:
        """Keep nothing: after a freeze the answers are of another time."""
        self._kept.clear()

    def _depart(self, question: Hashable, ask: Callable[[], Awaitable[T]]) -> _Flight[T]:
        async def fly() -> T:
            asked = self._clock.now()
            answer = await ask()
            self._kept[question] = (asked, answer)
            return answer

        flight = self._flights[question] = _Flight(asyncio.ensure_future(fly()))
        flight.task.add_done_callback(lambda task: self._landed(question, flight, task))
        return flight

    async def _aboard(self, question: Hashable, flight: _Flight[T]) -> T:
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                self._remove(question, flight)  # at once: who asks before the task is gone must not board it
                flight.task.cancel()

    def _landed(self, question: Hashable, flight: _Flight[T], task: asyncio.Task[T]) -> None:
        self._remove(question, flight)
        if not task.cancelled():
            task.exception()  # looked at, so that a fault which came after the last waiter left is no noise

    def _remove(self, question: Hashable, flight: _Flight[T]) -> None:
        if self._flights.get(question) is flight:
            del self._flights[question]
