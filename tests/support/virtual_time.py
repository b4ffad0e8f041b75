"""An event loop whose clock only moves when everybody waits, so that seconds of pacing cost no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

from functions.model import Moment

T = TypeVar("T")
EPOCH = datetime(2026, 11, 22, 3, 30, tzinfo=UTC).timestamp()


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting it moves the loop's clock on."""

    loop: VirtualTimeLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            msg = "everybody waits and nothing is scheduled: a deadlock"
            raise AssertionError(msg)
        if not ready and timeout:
            self.loop.jump(timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` starts at zero and jumps to the next timer."""

    def __init__(self) -> None:
        selector = _JumpingSelector()
        selector.loop = self
        self._virtual_now = 0.0
        super().__init__(selector)

    def time(self) -> float:
        return self._virtual_now

    def jump(self, seconds: float) -> None:
        self._virtual_now += seconds


class LoopClock:
    """The running loop's time on both clocks; `skew` shifts the wall clock, as a frozen instance sees it."""

    def __init__(self) -> None:
        self.skew = 0.0

    def now(self) -> Moment:
        mono = asyncio.get_running_loop().time()
        return Moment(wall=EPOCH + mono + self.skew, mono=mono)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
