"""An event loop whose clock stands still while calls are under way, so that no deadline is missed on a slow machine.

It moves on, to the next timer, only when nothing is left to wait for but calls that are never answered. Sockets,
threads and the SDK are real; what a test says about deadlines and retries holds on any machine, and costs no time.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from functions.model import Moment

_AHEAD_SECONDS = 1e6
"""The SDK's threads measure their deadline by the machine's clock (`CallScope`); this far ahead they never meet it."""
_POLL_SECONDS = 0.005


class _WaitingSelector(selectors.DefaultSelector):
    """Waits for calls, and instead of waiting for a timer moves the loop's clock on."""

    loop: NetworkTimeLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None or not self.loop.only_unanswered_calls_left():
            return super().select(_POLL_SECONDS)
        self.loop.jump(timeout)
        return ready


class NetworkTimeLoop(asyncio.SelectorEventLoop):
    """`unanswered` counts the calls, from the beginning on, that have arrived and will never be answered."""

    def __init__(self, unanswered: Callable[[], int] = lambda: 0) -> None:
        selector = _WaitingSelector()
        selector.loop = self
        self._now = time.monotonic() + _AHEAD_SECONDS
        self._unanswered = unanswered
        self._under_way = 0
        self._given_up = 0
        super().__init__(selector)

    def time(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        self._now += seconds

    def only_unanswered_calls_left(self) -> bool:
        return self._under_way == 0 or self._under_way == self._unanswered() - self._given_up

    def run_in_executor(  # type: ignore[override]  # the same, without the type variables
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        future = super().run_in_executor(executor, func, *args)
        self._under_way += 1
        future.add_done_callback(self._over)
        return future

    def _over(self, future: asyncio.Future[Any]) -> None:
        self._under_way -= 1
        self._given_up += future.cancelled()


class NetworkTimeClock:
    """A loop's time on both clocks of the service."""

    def __init__(self, loop: NetworkTimeLoop) -> None:
        self._loop = loop
        self._ahead = time.time() - loop.time()

    def now(self) -> Moment:
        mono = self._loop.time()
        return Moment(wall=mono + self._ahead, mono=mono)
