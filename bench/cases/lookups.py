"""One question at a time: an idle service, three products at once, and more ids than a second holds calls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from statistics import median

from bench.account import LATENCY, Account, account
from bench.baselines import TypedCalls
from bench.cases.effort import Effort, lookup
from bench.figures import Bar, Baselines, CaseResult, Line
from bench.processes import environment, web_function
from bench.wire import Connection

_SLOW_VENDOR = 0.08
_WINDOW = 1.0
_PER_SECOND = 30


async def idle(effort: Effort) -> CaseResult:
    """One `cdn:` id nobody asked for before."""
    with account() as vendor:
        typed = TypedCalls(vendor.address)
        async with web_function(environment(vendor.address)) as server, Connection(server.address) as connection:
            await _warm(connection, typed, vendor)
            ours, sequence, gather = [], [], []
            for _ in range(effort.amount(60, 10)):
                ids = [f"cdn:{vendor.add('cdn', moving=True)}"]
                ours.append((await lookup(connection, ids)).seconds)
                sequence.append(typed.in_sequence(ids).seconds)
                gather.append((await typed.gathered(ids)).seconds)
    bare = median(sequence)
    line = Line(
        case="one cdn: id, idle service",
        what="median",
        ours=median(ours) * 1000,
        unit="ms",
        bar=Bar(1.10 * bare * 1000, f"1.10 x the bare call, {bare * 1000:.1f} ms"),
        baselines=Baselines(bare * 1000, median(gather) * 1000),
    )
    return CaseResult([line])


async def fan_out(effort: Effort) -> CaseResult:
    """Ten qualified ids over three products."""
    with account(latency=_SLOW_VENDOR, lifted=True) as vendor:
        typed = TypedCalls(vendor.address)
        lifted = {f"{group}_QPS": 10_000 for group in ("CDN_BY_ID", "DCDN_BY_ID", "VOD")}
        async with (
            web_function(environment(vendor.address, **lifted)) as server,
            Connection(server.address) as connection,
        ):
            await _warm(connection, typed, vendor)
            ours, sequence, gather = [], [], []
            slowest: dict[str, list[float]] = {"cdn": [], "dcdn": [], "vod": []}
            for _ in range(effort.amount(20, 4)):
                ids = [f"{name}:{vendor.add(name, moving=True)}" for name in ("cdn", "dcdn", "vod") * 4][:10]
                ours.append((await lookup(connection, ids)).seconds)
                sequence.append(typed.in_sequence(ids).seconds)
                gather.append((await typed.gathered(ids)).seconds)
                for name, seconds in slowest.items():
                    seconds.append(typed.in_sequence([one for one in ids if one.startswith(f"{name}:")][:1]).seconds)
    call = max(median(seconds) for seconds in slowest.values())
    line = Line(
        case="10 qualified ids over three products, limits lifted",
        what="median",
        ours=median(ours) * 1000,
        unit="ms",
        bar=Bar(1.25 * call * 1000, f"1.25 x the slowest vendor call, {call * 1000:.1f} ms"),
        baselines=Baselines(median(sequence) * 1000, median(gather) * 1000),
    )
    return CaseResult([line])


async def thousand(effort: Effort) -> CaseResult:
    """1,000 `cdn:` ids in one request, with the whole account's rate."""
    name, count, sample = "1,000 cdn: ids in one request, share 1.0", 1_000, effort.amount(100, 20)
    times, throttled, missing = [], 0, 0
    with account() as vendor:
        typed = TypedCalls(vendor.address)
        async with (
            web_function(environment(vendor.address, quota_share=1)) as server,
            Connection(server.address) as connection,
        ):
            await _warm(connection, typed, vendor)
            for _ in range(effort.amount(5, 2)):
                ids = [f"cdn:{task_id}" for task_id in vendor.add_many("cdn", count, moving=True)]
                await asyncio.sleep(_WINDOW)
                vendor.forget()
                answer = await lookup(connection, ids)
                times.append(answer.seconds)
                missing += answer.missing
                throttled += sum(call.throttled for call in vendor.calls())
            await asyncio.sleep(_WINDOW)
            sequence = typed.in_sequence(ids[:sample])
            await asyncio.sleep(_WINDOW)
            gather = await typed.gathered(ids)
    floor = count / 10 // _PER_SECOND * _WINDOW + LATENCY
    scaled = sequence.seconds * count / sample
    lines = [
        Line(
            case=name,
            what="median",
            ours=median(times),
            unit="s",
            bar=Bar(1.10 * floor, f"1.10 x the floor, {floor:.2f} s"),
            baselines=Baselines(scaled, None, f"sequence: {sample} calls, scaled up; gather is refused, see below"),
        ),
        _none(name, "throttling answers", throttled, Baselines(sequence.failed, gather.failed)),
        _none(name, "ids without an answer", missing, Baselines(sequence.failed, gather.failed)),
    ]
    return CaseResult(lines)


def _none(case: str, what: str, ours: int, baselines: Baselines) -> Line:
    return Line(case=case, what=what, ours=ours, unit="", bar=Bar(0, "none"), baselines=baselines)


async def _warm(connection: Connection, typed: TypedCalls, vendor: Account) -> None:
    """Imports and connections are the cold start's business."""
    ids: Sequence[str] = [f"{product}:{vendor.add(product)}" for product in ("cdn", "dcdn", "vod")]
    for _ in range(3):
        await lookup(connection, ids)
        typed.in_sequence(ids)
        await typed.gathered(ids)
