"""The load: viewers who poll, in a process of their own. Reads an `Audience` as JSON, prints an `Impression`."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime

import msgspec

from bench.wire import Connection, Reply


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """One viewer per entry of `questions` (`taskId` parameters), for `seconds`, each at any of `addresses`.

    Each polls every `interval` seconds, beginning at a random moment of it; 0: again as soon as it is answered.
    """

    addresses: list[str]
    questions: list[str]
    seconds: float
    interval: float = 1.0


class Impression(msgspec.Struct, frozen=True, kw_only=True):
    """What the viewers met. Ages and delays in seconds: median, 99th percentile, most."""

    polls: int
    failures: dict[str, int]
    stale: int
    ages: tuple[float, float, float]
    delays: tuple[float, float, float]

    @property
    def failed(self) -> int:
        """Polls that did not show every task asked for."""
        return sum(self.failures.values())


class _Task(msgspec.Struct, rename="camel"):
    checked_at: datetime
    stale: bool


class _Report(msgspec.Struct, rename="camel"):
    tasks: list[_Task]


_decode = msgspec.json.Decoder(_Report).decode


class _Notes:
    """What is written down while it happens."""

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()
        self.ages: list[float] = []
        self.delays: list[float] = []
        self.stale = 0

    def take(self, reply: Reply, asked: int, seconds: float) -> None:
        self.delays.append(seconds)
        tasks = _decode(reply.body).tasks if reply.status == 200 else []
        if len(tasks) < asked:
            self.failures[f"{reply.status}, {len(tasks)} of {asked} tasks"] += 1
        now = time.time()
        self.ages.extend(now - task.checked_at.timestamp() for task in tasks)
        self.stale += sum(task.stale for task in tasks)

    def impression(self) -> Impression:
        return Impression(
            polls=len(self.delays),
            failures=dict(self.failures),
            stale=self.stale,
            ages=_spread(self.ages),
            delays=_spread(self.delays),
        )


async def watch(audience: Audience) -> Impression:
    """Let everybody poll until the time is over; all are connected before the first does."""
    notes = _Notes()
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(Connection(random.choice(audience.addresses))) for _ in audience.questions
        ]
        end = time.monotonic() + audience.seconds
        await asyncio.gather(
            *(
                _poll(connection, question, audience.interval, end, notes)
                for connection, question in zip(connections, audience.questions, strict=True)
            )
        )
    return notes.impression()


async def _poll(connection: Connection, question: str, interval: float, end: float, notes: _Notes) -> None:
    path, asked = f"/v1/tasks?taskId={question}", question.count(",") + 1
    turn = time.monotonic() + random.uniform(0, interval)
    while turn < end:
        await asyncio.sleep(turn - time.monotonic())
        started = time.perf_counter()
        reply = await connection.get(path)
        notes.take(reply, asked, time.perf_counter() - started)
        turn = max(turn + interval, time.monotonic())


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    ordered = sorted(values) or [0.0]
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)], ordered[-1]


if __name__ == "__main__":
    told = asyncio.run(watch(msgspec.json.decode(sys.stdin.buffer.read(), type=Audience)))
    sys.stdout.buffer.write(msgspec.json.encode(told))
