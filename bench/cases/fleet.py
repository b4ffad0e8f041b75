"""Instances that share a Redis server, beside the same instances with their fixed slices of the account's calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from statistics import median

import msgspec

from bench.account import Account, Call, account, busiest_second
from bench.cases.effort import Effort, lookup
from bench.cases.instances import Shape, cut, fleet
from bench.figures import Bar, Baselines, CaseResult, Line
from bench.processes import Server, helper
from bench.viewers import Audience, Impression
from bench.wire import Connection
from emulator.demo.redis_server import RedisServer, running_redis

_MANY = 10
_QUIET_SECONDS = 3.0
"""After the warm-up: what it sent counts no longer."""
_ONE_BY_ONE_SECONDS = 3.0
"""So long it takes at least to answer 1,000 ids at the vendor's rate."""


class _Seen(msgspec.Struct, frozen=True):
    """What the viewers met in so many seconds, and the calls that were made for them."""

    impression: Impression
    calls: Sequence[Call]
    seconds: float

    @property
    def rate(self) -> float:
        """Calls a second."""
        return len(self.calls) / self.seconds

    @property
    def throttled(self) -> int:
        """Calls that the vendor turned away."""
        return sum(call.throttled for call in self.calls)


async def one_id(effort: Effort) -> CaseResult:
    """1,000 viewers of one id, spread over ten instances at random."""
    case, viewers, seconds = "10 instances, 1,000 viewers of one id, a poll a second", 1_000, effort.amount(20, 6)
    with account() as vendor, running_redis() as redis:
        ids = [f"cdn:{vendor.add('cdn', moving=True)}"] * viewers
        slices = await _watched(vendor, Shape(instances=_MANY), ids, seconds)
        ours = await _watched(vendor, Shape(instances=_MANY, redis=redis.url), ids, seconds)
        killed = await _watched(vendor, Shape(instances=_MANY, redis=redis.url), ids, seconds, redis)
    lines = [
        _rate(case, ours, slices, 1.2),
        _throttled(case, ours, slices),
        *_without_harm(case, killed),
    ]
    return CaseResult(lines, _remarks(case, {"shared": ours, "slices": slices, "killed": killed}))


async def own_ids(effort: Effort) -> CaseResult:
    """200 viewers, each its own id, spread over ten instances at random."""
    case, viewers, seconds = "10 instances, 200 viewers each its own id, a poll a second", 200, effort.amount(20, 6)
    with account() as vendor, running_redis() as redis:
        ids = [f"cdn:{task_id}" for task_id in vendor.add_many("cdn", viewers, moving=True)]
        slices = await _watched(vendor, Shape(instances=_MANY), ids, seconds)
        ours = await _watched(vendor, Shape(instances=_MANY, redis=redis.url), ids, seconds)
        killed = await _watched(vendor, Shape(instances=_MANY, redis=redis.url), ids, seconds, redis)
    lines = [
        _rate(case, ours, slices, 25),
        _throttled(case, ours, slices),
        Line(
            case=case,
            what="oldest answer",
            ours=ours.impression.ages[2],
            unit="s",
            bar=Bar(2.0, "as said"),
            baselines=Baselines(slices.impression.ages[2]),
        ),
        *_without_harm(case, killed),
    ]
    return CaseResult(lines, _remarks(case, {"shared": ours, "slices": slices, "killed": killed}))


async def lopsided(effort: Effort) -> CaseResult:
    """All viewers at one of three instances, beside one instance that has the whole rate."""
    case, viewers, seconds = "3 instances, all 200 viewers at one of them", 200, effort.amount(20, 6)
    with account() as vendor, running_redis() as redis:
        ids = [f"cdn:{task_id}" for task_id in vendor.add_many("cdn", viewers, moving=True)]
        alone = await _watched(vendor, Shape(instances=1), ids, seconds)
        slices = await _watched(vendor, Shape(instances=3), ids, seconds, at=1)
        ours = await _watched(vendor, Shape(instances=3, redis=redis.url), ids, seconds, at=1)
        killed = await _watched(vendor, Shape(instances=3, redis=redis.url), ids, seconds, redis, at=1)
    line = Line(
        case=case,
        what="99th percentile of age",
        ours=ours.impression.ages[1],
        unit="s",
        bar=Bar(
            1.1 * alone.impression.ages[1],
            f"one instance with the whole rate, {alone.impression.ages[1]:.2f} s, + 10 %",
        ),
        baselines=Baselines(slices.impression.ages[1]),
    )
    told = {"shared": ours, "slices": slices, "one instance": alone, "killed": killed}
    return CaseResult([line, _throttled(case, ours, slices), *_without_harm(case, killed)], _remarks(case, told))


async def thousand(effort: Effort) -> CaseResult:
    """1,000 ids, 100 at each of ten instances at once, beside all of them at one instance."""
    case, rounds = "1,000 cdn: ids asked of 10 instances at once", effort.amount(3, 1)
    with account() as vendor, running_redis() as redis:
        one = await _asked_at_once(vendor, Shape(instances=1), rounds)
        ours = await _asked_at_once(vendor, Shape(instances=_MANY, redis=redis.url), rounds)
        throttled = sum(call.throttled for call in vendor.calls())
        seconds_then = await _asked_at_once(vendor, Shape(instances=_MANY, redis=redis.url), 1, redis)
        throttled_then = sum(call.throttled for call in vendor.calls()) - throttled
    lines = [
        Line(
            case=case,
            what="time",
            ours=ours,
            unit="s",
            bar=Bar(1.15 * one, f"1.15 x one instance, {one:.2f} s"),
        ),
        Line(case=case, what="throttling answers", ours=throttled, unit="", bar=Bar(0, "none")),
        Line(case=_cut_off(case), what="throttling answers", ours=throttled_then, unit="", bar=Bar(0, "none")),
    ]
    return CaseResult(lines, f"{_cut_off(case)}: all answered in {seconds_then:.2f} s")


async def idle(effort: Effort) -> CaseResult:
    """What the server costs a lookup that nobody else wants."""
    case, rounds = "one cdn: id, idle, shared", effort.amount(60, 10)
    with account() as vendor, running_redis() as redis:
        async with (
            fleet(vendor, Shape(instances=1)) as (without,),
            fleet(vendor, Shape(instances=1, redis=redis.url)) as (shared,),
            Connection(without.address) as plain,
            Connection(shared.address) as connection,
        ):
            await asyncio.sleep(_QUIET_SECONDS)
            pairs = [(await _one(vendor, plain), await _one(vendor, connection)) for _ in range(rounds)]
            cutting = asyncio.create_task(cut(redis, _ONE_BY_ONE_SECONDS))
            failed = 0
            while not cutting.done():
                failed += (await lookup(connection, [f"cdn:{vendor.add('cdn', moving=True)}"])).missing
    bare, ours = (median(times) * 1000 for times in zip(*pairs, strict=True))
    bar = Bar(bare + 3.0, f"3 ms more than without, {bare:.1f} ms")
    return CaseResult(
        [
            Line(case=case, what="median", ours=ours, unit="ms", bar=bar),
            Line(case=_cut_off(case), what="failed lookups", ours=failed, unit="", bar=Bar(0, "none")),
        ]
    )


async def _one(vendor: Account, connection: Connection) -> float:
    return (await lookup(connection, [f"cdn:{vendor.add('cdn', moving=True)}"])).seconds


async def _asked_at_once(vendor: Account, shape: Shape, rounds: int, killed: RedisServer | None = None) -> float:
    """The median time until the last of 1,000 new ids is answered, spread over the instances. Raises RuntimeError."""
    times = []
    async with fleet(vendor, shape) as servers:
        for _ in range(rounds):
            ids = [f"cdn:{task_id}" for task_id in vendor.add_many("cdn", 1_000)]
            await asyncio.sleep(_QUIET_SECONDS)
            started = time.perf_counter()
            parts = [ids[number :: len(servers)] for number in range(len(servers))]
            missing, _ = await asyncio.gather(
                asyncio.gather(*map(_missing, servers, parts)), cut(killed, _ONE_BY_ONE_SECONDS)
            )
            times.append(time.perf_counter() - started)
            if any(missing):
                raise RuntimeError(f"{sum(missing)} ids without an answer")
    return median(times)


async def _missing(server: Server, ids: Sequence[str]) -> int:
    async with Connection(server.address) as connection:
        return (await lookup(connection, ids)).missing


async def _watched(  # noqa: PLR0913 -- what varies, each by name
    vendor: Account,
    shape: Shape,
    ids: list[str],
    seconds: int,
    killed: RedisServer | None = None,
    at: int | None = None,
) -> _Seen:
    """Viewers at the first `at` instances, or at all; `killed` is killed in the middle, and started again later."""
    async with fleet(vendor, shape) as servers:
        await asyncio.sleep(_QUIET_SECONDS)
        vendor.forget()
        addresses = [server.address for server in servers[:at]]
        audience = Audience(addresses=addresses, questions=ids, seconds=seconds)
        watching = asyncio.create_task(helper("bench.viewers", audience))
        await cut(killed, seconds)
        impression = msgspec.json.decode(await watching, type=Impression)
    return _Seen(impression, vendor.calls(), seconds)


def _rate(case: str, ours: _Seen, slices: _Seen, most: float) -> Line:
    return Line(
        case=case,
        what="vendor calls a second",
        ours=ours.rate,
        unit="",
        bar=Bar(most, "as said"),
        baselines=Baselines(slices.rate, note="sequence: today's fixed slices"),
    )


def _throttled(case: str, ours: _Seen, slices: _Seen) -> Line:
    return Line(
        case=case,
        what="throttling answers, failed polls",
        ours=ours.throttled + ours.impression.failed,
        unit="",
        bar=Bar(0, "none"),
        baselines=Baselines(slices.throttled + slices.impression.failed),
    )


def _without_harm(case: str, seen: _Seen) -> list[Line]:
    counted = {"failed polls": seen.impression.failed, "throttling answers": seen.throttled}
    return [
        Line(case=_cut_off(case), what=what, ours=ours, unit="", bar=Bar(0, "none")) for what, ours in counted.items()
    ]


def _cut_off(case: str) -> str:
    return f"{case}, server killed and back"


def _remarks(case: str, told: dict[str, _Seen]) -> str:
    return "\n".join(f"{case}, {name}: {_remark(seen)}" for name, seen in told.items())


def _remark(seen: _Seen) -> str:
    met = seen.impression
    failures = "".join(f"; {count} x {what}" for what, count in met.failures.items())
    return (
        f"{met.polls} polls, {len(seen.calls)} calls ({seen.throttled} throttled), busiest sliding second"
        f" {busiest_second(seen.calls)}; age {met.ages[0]:.2f} / {met.ages[1]:.2f} / {met.ages[2]:.2f} s, delay"
        f" {met.delays[0]:.3f} / {met.delays[1]:.3f} / {met.delays[2]:.3f} s (median, 99 %, most){failures}"
    )
