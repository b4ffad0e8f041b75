"""Processes that share a limiter: `python -m tests.support.limiter_process COUNT URL RATE SLICE CALLS`.

Each makes CALLS calls (0: until it is killed) that take a moment to arrive and to be answered, and prints for each
when it arrived, on the clock that all processes of the machine share, and whether the instance was alone then. They are
forks of one process that has imported everything.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from functions.products.cdn import CDN
from functions.upstream.shared.limiter import SharedLimiter
from functions.upstream.shared.server import SharedServer

ROOT = Path(__file__).parents[2]
_PARALLEL = 4


class Arrival(NamedTuple):
    """When a call arrived, and whether its sender was alone."""

    at: float
    alone: bool


async def _call(limiter: SharedLimiter, server: SharedServer) -> None:
    permit = await limiter.acquire()
    await asyncio.sleep(random.uniform(0.001, 0.05))
    sys.stdout.write(f"{time.monotonic()} {int(server.is_away)}\n")
    sys.stdout.flush()
    await asyncio.sleep(random.uniform(0.001, 0.05))
    permit.answered()


async def main(url: str, rate: float, slice_rate: float, calls: int) -> None:
    server = SharedServer(url, "test")
    limiter = SharedLimiter(server, CDN.lookup.operation, rate, slice_rate)

    async def one_after_another(count: int) -> None:
        while count:
            await _call(limiter, server)
            count -= 1

    if calls:
        await asyncio.gather(*(one_after_another(1) for _ in range(calls)))
        await asyncio.sleep(0.1)  # until what was given back has been told to the server
    else:
        await asyncio.gather(*(one_after_another(-1) for _ in range(_PARALLEL)))


class Callers:
    """The processes, and what arrived."""

    def __init__(self, count: int, url: str, rate: float, slice_rate: float, calls: int) -> None:
        numbers = map(str, (rate, slice_rate, calls))
        command = [sys.executable, "-m", "tests.support.limiter_process", str(count), url, *numbers]
        self._arrivals: list[Arrival] = []
        self._parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True)
        self._reader = Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._parent.stdout
        for line in self._parent.stdout:
            if line.endswith((b" 0\n", b" 1\n")):
                at, alone = line.split()
                self._arrivals.append(Arrival(float(at), alone == b"1"))

    def kill(self) -> None:
        """SIGKILL all of them."""
        with suppress(ProcessLookupError):
            os.killpg(self._parent.pid, signal.SIGKILL)

    def until(self, enough: Callable[[list[Arrival]], bool]) -> None:
        """Wait until enough has arrived; the test's own timeout ends it."""
        while not enough(self._arrivals):
            time.sleep(0.05)

    def arrivals(self) -> list[Arrival]:
        """What arrived until they ended."""
        self._reader.join()
        self._parent.wait()
        self._parent.stdout.close()  # type: ignore[union-attr]  # a pipe, see above
        return sorted(self._arrivals)


@contextmanager
def callers(count: int, url: str, rate: float, slice_rate: float, calls: int = 0) -> Iterator[Callers]:
    """So many processes; none of them outlives the block."""
    started = Callers(count, url, rate, slice_rate, calls)
    try:
        yield started
    finally:
        started.kill()
        started.arrivals()


def busiest_second(arrivals: Sequence[Arrival]) -> int:
    """The most that arrived in any sliding second."""
    return max((sum(first.at <= each.at < first.at + 1.0 for each in arrivals) for first in arrivals), default=0)


def forks(count: int) -> bool:
    """So many forks of this process: True in each of them, and False in this one when all have ended."""
    for _ in range(count):
        if not os.fork():
            return True
    for _ in range(count):
        os.wait()
    return False


if __name__ == "__main__" and forks(int(sys.argv[1])):
    asyncio.run(main(sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])))
