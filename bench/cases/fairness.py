"""What one caller can do to others: looking up invented ids without end, and opening many streams of the same ids."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from datetime import datetime

import jwt
import msgspec

from bench.account import account
from bench.cases.effort import Effort
from bench.figures import Bar, CaseResult, Line
from bench.processes import environment, web_function
from bench.wire import Connection

_SECRET = "a-secret-of-the-benchmark-of-32-bytes-or-more"  # noqa: S105 -- good for this process only
_CONNECTIONS, _INVENTED = 3, 1_000
_STREAMS, _IDS = 190, 1_000
_TOO_MANY = 429


class _Task(msgspec.Struct, rename="camel"):
    checked_at: datetime


class _Report(msgspec.Struct, rename="camel"):
    tasks: list[_Task]
    undecided: list[msgspec.Raw]


def _token(subject: str, **claims: object) -> str:
    return jwt.encode({"sub": subject, "exp": int(time.time()) + 3_600, **claims}, _SECRET, "HS256")


async def beside_a_rude_caller(effort: Effort) -> CaseResult:
    """A viewer of one task, while another caller asks for thousands of invented ids in three loops."""
    case = f"one viewer beside {_CONNECTIONS} loops of {_INVENTED:,} invented ids"
    oldest = slowest = failed = 0.0
    with account() as vendor:
        known = f"cdn:{vendor.add('cdn', moving=True)}"
        settings = environment(vendor.address, quota_share=1, auth="jwt", jwt_secret=_SECRET)
        async with web_function(settings) as server, Connection(server.address, _token("polite")) as polite:
            await polite.get(f"/v1/tasks?taskId={known}")
            rude = _token("rude", domains=["nothing.example.com"])
            loops = [asyncio.create_task(_invent(server.address, rude, number)) for number in range(_CONNECTIONS)]
            for number in range(effort.amount(20, 6)):
                await asyncio.sleep(1)
                reply = await polite.get(f"/v1/tasks?taskId={known}")
                failed += reply.status != 200
                report = msgspec.json.decode(reply.body, type=_Report)
                oldest = max(oldest, time.time() - report.tasks[0].checked_at.timestamp())
                began = time.perf_counter()
                reply = await polite.get(f"/v1/tasks?taskId=cdn:{90_000_000 + number}")
                failed += reply.status != 200 or bool(msgspec.json.decode(reply.body, type=_Report).undecided)
                slowest = max(slowest, time.perf_counter() - began)
            for each in loops:
                each.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
    return CaseResult(
        [
            Line(case=case, what="age of its known task", ours=oldest, unit="s", bar=Bar(2.0, "as said")),
            Line(case=case, what="answer for a new id", ours=slowest, unit="s", bar=Bar(1.0, "as said")),
            Line(case=case, what="failed polls", ours=failed, unit="", bar=Bar(0, "none")),
        ]
    )


async def _invent(address: str, token: str, number: int) -> None:
    numbers = random.Random(number)
    async with Connection(address, token) as rude:
        while True:
            ids = [f"cdn:{numbers.randrange(10**10, 10**11)}" for _ in range(_INVENTED)]
            if (await rude.post("/v1/tasks/query", {"taskId": ids})).status == _TOO_MANY:
                await asyncio.sleep(0.5)


async def streams_of_the_same_ids(effort: Effort) -> CaseResult:
    """Many streams of the same ids in different orders: what a liveness check has to wait meanwhile."""
    case = f"{_STREAMS} streams of the same {_IDS:,} ids, each in an order of its own"
    with account() as vendor:
        ids = [f"cdn:{task_id}" for task_id in vendor.add_many("cdn", _IDS, moving=True)]
        async with web_function(environment(vendor.address, quota_share=1)) as server:
            streams = [asyncio.create_task(_stream(server.address, order)) for order in _orders(ids)]
            waits = await _liveness(server.address, effort.amount(20, 6))
            ended = sum(each.done() for each in streams)
            for each in streams:
                each.cancel()
            await asyncio.gather(*streams, return_exceptions=True)
    p99 = sorted(waits)[int(len(waits) * 0.99)]
    bar = Bar(100, "as said")
    return CaseResult(
        [Line(case=case, what="liveness check, 99 %", ours=p99 * 1000, unit="ms", bar=bar)],
        f"{case}: {len(waits)} checks, the slowest {max(waits) * 1000:.0f} ms; {ended} streams ended meanwhile",
    )


def _orders(ids: list[str]) -> Iterator[list[str]]:
    shuffled = random.Random(1)
    for _ in range(_STREAMS):
        yield shuffled.sample(ids, len(ids))


async def _stream(address: str, ids: list[str]) -> None:
    async with Connection(address) as connection:
        await connection.stream("/v1/tasks/query", {"taskId": ids})
        await connection.drain()


async def _liveness(address: str, seconds: int) -> list[float]:
    waits: list[float] = []
    end = time.perf_counter() + seconds
    async with Connection(address) as connection:
        while time.perf_counter() < end:
            began = time.perf_counter()
            await connection.get("/healthz")
            waits.append(time.perf_counter() - began)
            await asyncio.sleep(0.02)
    return waits
