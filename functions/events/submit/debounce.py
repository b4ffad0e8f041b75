"""URLs wanted within a moment of each other travel together: bursts of single calls get an account throttled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

from functions.events.timings import Timings

MAX_URLS = 1_000
"""The most that one call takes of any kind (facts 2); whoever sends splits what takes less."""
T = TypeVar("T")


class Debouncer(Generic[T]):
    """Gathers URLs of one kind and sends each of them once, when nothing more came for `quiet` or `hold` is over."""

    def __init__(self, send: Callable[[tuple[str, ...]], Awaitable[Mapping[str, T]]], pace: Timings) -> None:
        """`send` answers for every URL it is given."""
        self._send = send
        self._pace = pace
        self._open: _Batch[T] | None = None
        self._sending: set[asyncio.Task[None]] = set()

    async def add(self, url: str) -> T:
        """What came of this URL; the same for all who want it at the time."""
        batch = self._open or self._begin()
        answer = batch.want(url)
        if len(batch.wanted) >= MAX_URLS:
            self._open = None
            batch.full.set()
        return await asyncio.shield(answer)

    def _begin(self) -> _Batch[T]:
        batch = self._open = _Batch()
        # Kept, because the loop itself holds tasks only weakly; whoever waits in add() keeps the instance awake.
        task = asyncio.create_task(self._gather_and_send(batch))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return batch

    async def _gather_and_send(self, batch: _Batch[T]) -> None:
        await self._gather(batch)
        if self._open is batch:
            self._open = None
        try:
            verdicts = await self._send(tuple(batch.wanted))
        except Exception as fault:  # noqa: BLE001 -- it belongs to those who wait, whatever it is
            batch.fail(fault)
        else:
            batch.answer(verdicts)

    async def _gather(self, batch: _Batch[T]) -> None:
        now = asyncio.get_running_loop().time
        while (rest := min(batch.last + self._pace.quiet, batch.first + self._pace.hold) - now()) > 0:
            try:
                async with asyncio.timeout(rest):
                    await batch.full.wait()
            except TimeoutError:
                continue
            return


class _Batch(Generic[T]):
    """The URLs of one call, and everybody who waits for it."""

    def __init__(self) -> None:
        self.first = self.last = asyncio.get_running_loop().time()
        self.full = asyncio.Event()
        self.wanted: dict[str, asyncio.Future[T]] = {}

    def want(self, url: str) -> asyncio.Future[T]:
        self.last = asyncio.get_running_loop().time()
        return self.wanted.setdefault(url, asyncio.get_running_loop().create_future())

    def answer(self, verdicts: Mapping[str, T]) -> None:
        for url, waiting in self.wanted.items():
            if not waiting.done():
                waiting.set_result(verdicts[url])

    def fail(self, fault: Exception) -> None:
        for waiting in self.wanted.values():
            if not waiting.done():
                waiting.set_exception(fault)
            # Several may wait for one future, or none any more: then nobody else would look at it.
            waiting.exception()
