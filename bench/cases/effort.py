"""How thoroughly a run measures, and the questions all cases ask."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from bench.wire import Connection

_SHORT = 50


class Effort(msgspec.Struct, frozen=True):
    """`quick`: fewer rounds and shorter ones, good to see whether anything broke. `profile`: say where time goes."""

    quick: bool = False
    profile: bool = False

    def amount(self, full: int, quick: int) -> int:
        """Rounds, seconds, samples: as many as this run wants."""
        return quick if self.quick else full


class Answer(msgspec.Struct, frozen=True):
    """How long a lookup took, and how many of its ids it told nothing about."""

    seconds: float
    missing: int


class _Report(msgspec.Struct):
    tasks: list[msgspec.Raw]


async def lookup(connection: Connection, ids: Sequence[str], **parameters: int) -> Answer:
    """Ask the web function for tasks that exist, as a front end would: by GET, many ids by POST."""
    started = time.perf_counter()
    if len(ids) <= _SHORT and not parameters:
        reply = await connection.get(f"/v1/tasks?taskId={','.join(ids)}")
    else:
        reply = await connection.post("/v1/tasks/query", {"taskId": list(ids), **parameters})
    seconds = time.perf_counter() - started
    found = len(msgspec.json.decode(reply.body, type=_Report).tasks) if reply.status == 200 else 0
    return Answer(seconds, len(ids) - found)
