"""The benchmarks must not flatter: what they count as failed, missed and busy."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import msgspec

from bench.account import Call, busiest_second
from bench.figures import Bar, Baselines, Line
from bench.table import table
from bench.viewers import Audience, Impression, watch

ROOT = Path(__file__).parent.parent.parent
TASK = {"checkedAt": "2026-11-22T03:33:10.120Z", "stale": True}


def test_a_figure_over_its_bar_is_missed_and_one_on_it_is_not() -> None:
    line = Line(case="c", what="w", ours=1.1, unit="s", bar=Bar(1.1, "as said"))
    assert not line.missed
    assert msgspec.structs.replace(line, ours=1.11).missed
    assert "| NO  |" in table([msgspec.structs.replace(line, ours=1.11)])


def test_a_ratio_above_one_always_means_better_than_the_baseline() -> None:
    seconds = Line(case="c", what="w", ours=2.0, unit="s", baselines=Baselines(10.0, 1.0))
    rate = msgspec.structs.replace(seconds, more_is_better=True)
    assert (seconds.times(10.0), seconds.times(1.0), seconds.times(None)) == (5.0, 0.5, None)
    assert (rate.times(10.0), rate.times(1.0)) == (0.2, 2.0)
    assert "5 x / 0.5 x" in table([seconds])


def test_the_busiest_second_slides() -> None:
    calls = [Call(action="a", at=at, code="", access_key_id="k") for at in (0.0, 0.6, 0.9, 1.3, 1.59, 3.0)]
    assert busiest_second(calls) == 4


def test_a_poll_that_lacks_a_task_or_is_refused_is_a_failed_poll() -> None:
    assert _watched(200, {"tasks": [TASK, TASK]}).failed == 0
    lacking = _watched(200, {"tasks": [TASK]})
    assert lacking.failed == lacking.polls > 0
    refused = _watched(503, {"reason": "throttled"})
    assert refused.failures == {"503, 0 of 2 tasks": refused.polls}


def test_the_exit_code_says_whether_a_bar_was_missed() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--only", "idle"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "one cdn: id, idle service" in run.stdout, run.stderr
    assert run.returncode == ("| NO  |" in run.stdout)


def _watched(status: int, body: object) -> Impression:
    """What two viewers of two tasks each say of a server that always answers this."""
    content = msgspec.json.encode(body)
    answer = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content

    served: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
        writer.close()
        await writer.wait_closed()

    async def main() -> Impression:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            audience = Audience(addresses=[address], questions=["cdn:1,cdn:2"] * 2, seconds=0.05, interval=0.01)
            told = await watch(audience)
            await asyncio.gather(*filter(None, served))
            return told

    return asyncio.run(main())
