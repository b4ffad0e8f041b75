"""VOD has no multi-id call: what a walk over the window's list saves, and from how many ids on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from bench.account import Account, account
from bench.baselines import TypedCalls
from bench.cases.effort import Effort, lookup
from bench.figures import Bar, Baselines, CaseResult, Line
from bench.processes import environment, web_function
from bench.table import grid
from bench.wire import Connection

_WINDOW_SECONDS = 3 * 86_400 - 600
_PER_SECOND = 10
_ACTION = "DescribeVodRefreshTasks"


async def many(effort: Effort) -> CaseResult:
    """500 ids among the 2,000 tasks of the window."""
    case, wanted, sample = "500 VOD ids among 2,000 tasks of the window", 500, effort.amount(50, 20)
    with account() as vendor:
        ids = random.sample(_filled(vendor, 2_000), wanted)
        async with web_function(environment(vendor.address)) as server, Connection(server.address) as connection:
            vendor.forget()
            answer = await lookup(connection, ids)
            calls = vendor.calls()
        typed = TypedCalls(vendor.address)
        await asyncio.sleep(1.0)
        sequence = typed.in_sequence(ids[:sample])
        await asyncio.sleep(1.0)
        gather = await typed.gathered(ids)
    paced = max(sequence.seconds / sample, 1 / _PER_SECOND) * wanted
    failed = sequence.failed * wanted / sample
    lines = [
        Line(
            case=case,
            what="vendor calls",
            ours=len(calls),
            unit="",
            bar=Bar(wanted / 5, "5 x fewer than one per id"),
            baselines=Baselines(wanted, wanted),
        ),
        Line(
            case=case,
            what="time",
            ours=answer.seconds,
            unit="s",
            baselines=Baselines(paced, None, f"sequence: {_PER_SECOND} calls a second, the most there are"),
        ),
        Line(
            case=case,
            what="ids without an answer",
            ours=answer.missing,
            unit="",
            bar=Bar(0, "none"),
            baselines=Baselines(failed, gather.failed, f"sequence: {sample} unpaced calls, scaled up"),
        ),
    ]
    return CaseResult(lines)


async def break_even(effort: Effort) -> CaseResult:
    """Calls for so many ids in windows of different sizes, each asked of a service that knows nothing yet."""
    windows = (200, 2_000) if effort.quick else (200, 1_000, 2_000, 5_000)
    counts = (5, 20, 50, 200) if effort.quick else (5, 10, 20, 30, 40, 50, 100, 200, 500)
    rows = [("tasks in the window (pages)", *(f"{count} ids" for count in counts))]
    for size in windows:
        with account(latency=0.0, lifted=True) as vendor:
            known = _filled(vendor, size)
            found = [await _calls_for(vendor, random.sample(known, count)) for count in counts if count <= size]
        rows.append((f"{size:,} ({-(-size // 50)})", *_shown(found, len(counts))))
    text = "VOD, calls made for ids spread over the window, by a service that knows neither (single calls: one per id):"
    return CaseResult([], f"{text}\n\n{grid(rows)}")


def _shown(found: Sequence[int], width: int) -> list[str]:
    return [str(calls) for calls in found] + ["-"] * (width - len(found))


async def _calls_for(vendor: Account, ids: Sequence[str]) -> int:
    async with (
        web_function(environment(vendor.address, vod_qps=10_000)) as server,
        Connection(server.address) as connection,
    ):
        vendor.forget()
        answer = await lookup(connection, ids)
        if answer.missing:
            raise RuntimeError(f"{answer.missing} of {len(ids)} ids without an answer")
        return sum(call.action == _ACTION for call in vendor.calls())


def _filled(vendor: Account, tasks: int) -> list[str]:
    """A window with so many tasks of one row, spread over all of it."""
    ages = sorted((random.uniform(60, _WINDOW_SECONDS) for _ in range(tasks)), reverse=True)
    return [f"vod:{vendor.add('vod', age=age)}" for age in ages]
