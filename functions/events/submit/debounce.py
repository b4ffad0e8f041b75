"""Debouncing: items that arrive within a moment of each other are sent together.

Bursts of calls get an account throttled (docs/vendor.md 2), and message robots too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Debouncer(Generic[K, T]):
    """Gathers items and sends each once: after `quiet` seconds without a new one, after `hold`, or when it is full."""

    def __init__(
        self,
        send: Callable[[tuple[K, ...]], Awaitable[Mapping[K, T]]],
        *,
        quiet: float,
        hold: float,
        max_items: int,
    ) -> None:
        """`send` returns a result for every item it is given."""
        self._send = send
        self._quiet = quiet
        self._hold = hold
        self._max_items = max_items
        self._open: _Batch[K, T] | None = None
        self._running: set[asyncio.Task[Mapping[K, T]]] = set()

    async def add(self, item: K) -> T:
        """The result for this item, shared by all who add it to the same batch. Raises what `send` raises."""
        batch = self._open or self._begin()
        batch.add(item)
        if len(batch.items) >= self._max_items:
            self._open = None
            batch.full.set()
        # A caller that is cancelled must not cancel the batch for the others.
        return (await asyncio.shield(batch.result))[item]

    def _begin(self) -> _Batch[K, T]:
        batch = self._open = _Batch[K, T]()
        batch.result = asyncio.create_task(self._gather_and_send(batch))
        # The event loop keeps only weak references to tasks.
        self._running.add(batch.result)
        batch.result.add_done_callback(self._finished)
        return batch

    def _finished(self, task: asyncio.Task[Mapping[K, T]]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved, in case that no caller is left

    async def _gather_and_send(self, batch: _Batch[K, T]) -> Mapping[K, T]:
        now = asyncio.get_running_loop().time
        while not batch.full.is_set() and (rest := batch.seconds_left(now(), self._quiet, self._hold)) > 0:
            try:
                async with asyncio.timeout(rest):
                    await batch.full.wait()
            except TimeoutError:
                continue
        if self._open is batch:
            self._open = None
        return await self._send(tuple(batch.items))


class _Batch(Generic[K, T]):
    """The items of one call."""

    result: asyncio.Task[Mapping[K, T]]

    def __init__(self) -> None:
        self.items: dict[K, None] = {}
        self.full = asyncio.Event()
        self._first = self._last = asyncio.get_running_loop().time()

    def add(self, item: K) -> None:
        self.items[item] = None
        self._last = asyncio.get_running_loop().time()

    def seconds_left(self, now: float, quiet: float, hold: float) -> float:
        return min(self._last + quiet, self._first + hold) - now
