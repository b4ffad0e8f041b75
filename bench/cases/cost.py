"""What answers cost: CPU for those that are known, time and memory for the largest there is."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

from bench.account import Account, account
from bench.baselines import Outcome, TypedCalls
from bench.cases.effort import Effort, lookup
from bench.figures import Bar, Baselines, CaseResult, Line
from bench.hotspots import describe
from bench.processes import Server, cpu_seconds, environment, helper, resident_bytes, web_function
from bench.viewers import Audience, Impression
from bench.wire import Connection

_CONNECTIONS = 8


async def cached(effort: Effort) -> CaseResult:
    """Requests a second of CPU for answers the service knows: one id, and a hundred."""
    with account(latency=0.0, lifted=True) as vendor:
        ids = [f"cdn:{task_id}" for task_id in vendor.add_many("cdn", 100)]
        typed = TypedCalls(vendor.address)
        lines, texts = [], []
        for asked in (ids[:1], ids):
            async with web_function(environment(vendor.address)) as server:
                rate = await _per_cpu_second(server, asked, effort.amount(6, 2))
            lines.append(
                Line(
                    case="cached answers",
                    what=f"requests per CPU second, {len(asked)} id{'s'[: len(asked) - 1]}",
                    ours=rate,
                    unit="",
                    baselines=await _typed_rates(typed, ids[:1], len(asked), effort.amount(300, 50)),
                    more_is_better=True,
                )
            )
            if effort.profile:
                texts.append(await _profile(vendor, asked))
    return CaseResult(lines, "\n\n".join(texts))


async def largest(effort: Effort) -> CaseResult:
    """20,000 rows in one body: ten ids of 2,000 URLs each."""
    case, times, gathers, sequences = "20,000 rows in one answer", [], [], []
    with account() as vendor:
        typed = TypedCalls(vendor.address)
        async with web_function(environment(vendor.address)) as server, Connection(server.address) as connection:
            await lookup(connection, [f"cdn:{vendor.add('cdn')}"])
            for _ in range(effort.amount(5, 2)):
                ids = [f"cdn:{vendor.add('cdn', _urls(2_000), moving=True)}" for _ in range(10)]
                answer = await lookup(connection, ids, objects=20_000)
                if answer.missing:
                    raise RuntimeError(f"{answer.missing} of {len(ids)} ids without an answer")
                times.append(answer.seconds)
                sequences.append(typed.in_sequence(ids).seconds)
                gathers.append((await typed.gathered(ids)).seconds)
            peak = resident_bytes(server.process, peak=True) / 1_000_000
    today = Baselines(median(sequences), median(gathers), "baselines: parsed to models, nothing rendered")
    return CaseResult(
        [
            Line(case=case, what="median", ours=median(times), unit="s", bar=Bar(1.0, "as said"), baselines=today),
            Line(case=case, what="peak memory of the process", ours=peak, unit="MB", bar=Bar(200, "as said")),
        ]
    )


async def _per_cpu_second(server: Server, ids: Sequence[str], seconds: int) -> float:
    async with Connection(server.address) as connection:
        if (await lookup(connection, ids)).missing:
            raise RuntimeError("not every id was answered")
    before = cpu_seconds(server.process)
    met = await _load(server, ids, seconds)
    return met.polls / (cpu_seconds(server.process) - before)


async def _load(server: Server, ids: Sequence[str], seconds: int) -> Impression:
    audience = Audience(
        addresses=[server.address], questions=[",".join(ids)] * _CONNECTIONS, seconds=seconds, interval=0.0
    )
    met = msgspec.json.decode(await helper("bench.viewers", audience), type=Impression)
    if met.failed:
        raise RuntimeError(f"failed polls: {met.failures}")
    return met


async def _typed_rates(typed: TypedCalls, ids: list[str], per_request: int, sample: int) -> Baselines:
    """The CPU of one typed call per id; a request's other work is left out, in the baselines' favour."""
    typed.in_sequence(ids)
    before = time.process_time()
    typed.in_sequence(ids * sample)
    between = time.process_time()
    _whole(await typed.gathered(ids * sample))
    after = time.process_time()
    note = f"baselines: {sample} calls" + (", one per id" if per_request > 1 else "")
    return Baselines(sample / (between - before) / per_request, sample / (after - between) / per_request, note)


def _whole(outcome: Outcome) -> None:
    if outcome.failed:
        raise RuntimeError(f"{outcome.failed} of {outcome.calls} calls failed")


async def _profile(vendor: Account, ids: Sequence[str]) -> str:
    """Where the server's loop spends its time on cached answers; a profiled server is slower than a free one."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "profile"
        options = ("-m", "cProfile", "-o", str(file))
        async with (
            web_function(environment(vendor.address), *options) as server,
            Connection(server.address) as connection,
        ):
            await lookup(connection, ids)
            await _load(server, ids, 5)
        return f"Profile of cached answers, ids a request: {len(ids)}\n\n{describe(file)}"


def _urls(count: int) -> list[str]:
    return [f"http://img.example.com/some/folder/picture-{number:05}.jpg" for number in range(count)]
