"""Many viewers who poll: each its own task, all the same one, and beside another tool of the account."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from bench.account import KEY_ID, Account, Call, account, busiest_second
from bench.baselines import TypedCalls
from bench.cases.effort import Effort, lookup
from bench.figures import Bar, Baselines, CaseResult, Line
from bench.processes import Server, environment, helper, web_function
from bench.rival import Habit, Meal
from bench.viewers import Audience, Impression
from bench.wire import Connection

_SAMPLE = 20
_RIVAL_LEAD = 2.0
"""Seconds the other tool eats before the first viewer comes and after the last has left."""


class _Seen(msgspec.Struct, frozen=True):
    """What the viewers met in so many seconds, and the calls that were made for them."""

    impression: Impression
    calls: Sequence[Call]
    seconds: float

    @property
    def throttled(self) -> int:
        return sum(call.throttled for call in self.calls)

    @property
    def failed_percent(self) -> float:
        return 100 * self.impression.failed / self.impression.polls


class _Today(msgspec.Struct, frozen=True):
    """The baselines for one second of polls: calls a second, failed polls in percent, and a sweep's seconds."""

    sequence_rate: float
    sweep_seconds: float
    gather_rate: float
    gather_failed_percent: float


async def own_ids(effort: Effort) -> CaseResult:
    """200 viewers, each its own id."""
    case, count = "200 viewers, each its own id, one poll a second", 200
    with account() as vendor:
        ids = [f"cdn:{task_id}" for task_id in vendor.add_many("cdn", count, moving=True)]
        async with web_function(environment(vendor.address, quota_share=1)) as server:
            seen = await _watched(vendor, server, ids, effort.amount(20, 6))
        today = await _today(vendor, ids)
    lines = [
        _failed(case, seen, today),
        _throttled(case, seen, today, count),
        _rate(case, seen, 25, today),
        Line(
            case=case,
            what="oldest answer",
            ours=seen.impression.ages[2],
            unit="s",
            bar=Bar(2.0, "as said"),
            baselines=Baselines(today.sweep_seconds),
        ),
    ]
    return CaseResult([*lines, _delay(case, seen)], _remarks(case, seen))


async def one_id(effort: Effort) -> CaseResult:
    """1,000 viewers of one id."""
    case, count = "1,000 viewers of one id, one poll a second", 1_000
    with account() as vendor:
        ids = [f"cdn:{vendor.add('cdn', moving=True)}"] * count
        async with web_function(environment(vendor.address)) as server:
            seen = await _watched(vendor, server, ids, effort.amount(20, 6))
        today = await _today(vendor, ids)
    lines = [_rate(case, seen, 1.1, today), _failed(case, seen, today), _delay(case, seen)]
    return CaseResult(lines, _remarks(case, seen))


async def beside_another_tool(effort: Effort) -> CaseResult:
    """The same 200 viewers while another tool of the account eats 20 of the 30 calls."""
    case, count = "200 viewers, another tool takes 20 of 30 calls", 200
    seconds = effort.amount(20, 6)
    with account() as vendor:
        ids = [f"cdn:{task_id}" for task_id in vendor.add_many("cdn", count, moving=True)]
        habit = Habit(
            address=vendor.address, task_id=f"cdn:{vendor.add('cdn')}", per_second=20, seconds=seconds + 2 * _RIVAL_LEAD
        )
        async with web_function(environment(vendor.address, quota_share=1)) as server:
            eating = asyncio.create_task(helper("bench.rival", habit))
            await asyncio.sleep(_RIVAL_LEAD)
            seen = await _watched(vendor, server, ids, seconds)
            meal = msgspec.json.decode(await eating, type=Meal)
        eating = asyncio.create_task(helper("bench.rival", msgspec.structs.replace(habit, seconds=8.0)))
        await asyncio.sleep(_RIVAL_LEAD)
        today = await _today(vendor, ids)
        await eating
    remark = f"the other tool made {meal.calls} calls, {meal.failed} of them throttled; " + _remarks(case, seen)
    age = Line(case=case, what="oldest answer", ours=seen.impression.ages[2], unit="s")
    return CaseResult([_failed(case, seen, today), age, _delay(case, seen)], remark)


async def _watched(vendor: Account, server: Server, ids: list[str], seconds: int) -> _Seen:
    async with Connection(server.address) as connection:
        await lookup(connection, [f"cdn:{vendor.add('cdn')}"])
    await asyncio.sleep(1.0)
    vendor.forget()
    told = await helper("bench.viewers", Audience(addresses=[server.address], questions=ids, seconds=seconds))
    mine = [call for call in vendor.calls() if call.access_key_id == KEY_ID]
    return _Seen(msgspec.json.decode(told, type=Impression), mine, seconds)


async def _today(vendor: Account, ids: list[str]) -> _Today:
    """One second of polls the two usual ways: a sample in sequence, all of them gathered."""
    typed = TypedCalls(vendor.address)
    await asyncio.sleep(1.0)
    swept = typed.in_sequence(ids[:_SAMPLE])
    await asyncio.sleep(1.0)
    gathered = await typed.gathered(ids)
    return _Today(
        sequence_rate=_SAMPLE / swept.seconds,
        sweep_seconds=swept.seconds / _SAMPLE * len(ids),
        gather_rate=len(ids),
        gather_failed_percent=100 * gathered.failed / gathered.calls,
    )


def _failed(case: str, seen: _Seen, today: _Today) -> Line:
    return Line(
        case=case,
        what="failed polls",
        ours=seen.failed_percent,
        unit="%",
        bar=Bar(0, "none"),
        baselines=Baselines(0, today.gather_failed_percent, f"a sweep in sequence takes {today.sweep_seconds:.0f} s"),
    )


def _throttled(case: str, seen: _Seen, today: _Today, polls: int) -> Line:
    return Line(
        case=case,
        what="throttling answers a second",
        ours=seen.throttled / seen.seconds,
        unit="",
        bar=Bar(0, "none"),
        baselines=Baselines(0, today.gather_failed_percent / 100 * polls),
    )


def _rate(case: str, seen: _Seen, most: float, today: _Today) -> Line:
    return Line(
        case=case,
        what="vendor calls a second",
        ours=len(seen.calls) / seen.seconds,
        unit="",
        bar=Bar(most, "as said"),
        baselines=Baselines(today.sequence_rate, today.gather_rate, "sequence: as many as one thread can make"),
    )


def _delay(case: str, seen: _Seen) -> Line:
    return Line(case=case, what="median answer", ours=seen.impression.delays[0] * 1000, unit="ms")


def _remarks(case: str, seen: _Seen) -> str:
    met, most = seen.impression, busiest_second(seen.calls)
    ages, delays = met.ages, met.delays
    failures = "".join(f"; {count} x {what}" for what, count in met.failures.items())
    return (
        f"{case}: {met.polls} polls, {len(seen.calls)} calls ({seen.throttled} throttled), busiest sliding second"
        f" {most}; age of answers {ages[0]:.2f} / {ages[1]:.2f} / {ages[2]:.2f} s, delay"
        f" {delays[0]:.3f} / {delays[1]:.3f} / {delays[2]:.3f} s (median, 99 %, most); {met.stale} stale{failures}"
    )
