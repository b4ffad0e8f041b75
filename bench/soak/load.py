"""Half an hour of mixed requests with faults: memory, threads and sockets of the web function, by thirds of the run.

The bar: the last third is within 5 % of the second one. The first third fills caches and is not compared. Requests are
lookups of known and of ever new ids in all products, lists, and tasks of many rows; one vendor call in twenty meets a
fault. The vendor is the emulator, in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.account import Account, account
from bench.processes import Server, environment, resident_bytes, web_function
from bench.wire import Connection

REQUESTS_PER_SECOND = 100
CLIENTS = 32
FAULT_SHARE = 0.05
VENDOR_CALLS_PER_SECOND = 100
NEW_IDS = 40
KNOWN_TASKS, LARGE_TASKS, LARGE_ROWS = 300, 5, 500
SAMPLE_SECONDS = 1.0
BAR = 0.05
LIFTED = {"CDN_BY_ID_QPS": 1000, "DCDN_BY_ID_QPS": 1000, "CDN_LIST_QPS": 1000, "DCDN_LIST_QPS": 1000, "VOD_QPS": 1000}
FAULTS: tuple[dict[str, object], ...] = (
    {"kind": "refuse", "code": "InternalError", "status": 500},
    {"kind": "refuse", "code": "InvalidParameters", "status": 400},
    {"kind": "refuse", "code": "NeverHeardOf", "status": 400},
    {"kind": "throttle"},
    {"kind": "text"},
    {"kind": "truncate"},
    {"kind": "reset", "when": "mid-answer"},
    {"kind": "slow", "delay": 3.0},
)


class Sample(msgspec.Struct, frozen=True):
    """The web function at one moment."""

    memory: int
    threads: int
    sockets: int


class Load:
    """Requests at a steady rate until it is told to stop."""

    def __init__(self, server: Server, known: Sequence[str], seed: int = 0) -> None:
        """`known` are qualified ids that exist."""
        self.answers: Counter[int] = Counter()
        self._server = server
        self._known = known
        self._random = random.Random(seed)
        self._next_new = 10**10

    async def run(self, until: float) -> None:
        """Ask with all clients until then (the loop's clock)."""
        await asyncio.gather(*(self._client(until) for _ in range(CLIENTS)))

    async def _client(self, until: float) -> None:
        loop = asyncio.get_running_loop()
        pause = CLIENTS / REQUESTS_PER_SECOND
        await asyncio.sleep(self._random.uniform(0, pause))
        async with Connection(self._server.address) as connection:
            while (begun := loop.time()) < until:
                self.answers[(await connection.get(self._path())).status] += 1
                await asyncio.sleep(max(0.0, begun + pause - loop.time()))

    def _path(self) -> str:
        kind = self._random.random()
        if kind < 0.05:
            return f"/v1/tasks?product={self._random.choice(('cdn', 'dcdn'))}&pageSize=20"
        ids = self._random.sample(self._known, self._random.randint(1, 10))
        if kind < 0.6:
            # Ever new ids fill every cache to its bound within the first third.
            ids += [f"cdn:{self._next_new + number}" for number in range(NEW_IDS)]
            ids.append(str(self._next_new + NEW_IDS))
            self._next_new += NEW_IDS + 1
        return f"/v1/tasks?taskId={','.join(ids)}"


async def disturb(controlled: Account, until: float) -> None:
    """Let one vendor call in twenty meet a fault."""
    rng = random.Random(1)
    pause = 1 / (VENDOR_CALLS_PER_SECOND * FAULT_SHARE)
    for number in itertools.count(1):
        if asyncio.get_running_loop().time() >= until:
            return
        if number % 300 == 0:
            await asyncio.to_thread(controlled.forget)  # the emulator's log of calls is not what is measured
        action = rng.choice(("cdn", "dcdn", "vod"))
        await asyncio.to_thread(controlled.add_fault, action, rng.choice(FAULTS))
        await asyncio.sleep(pause)


async def observe(process: int, until: float) -> list[Sample]:
    """A sample every second."""
    samples = []
    while asyncio.get_running_loop().time() < until:
        samples.append(sample(process))
        await asyncio.sleep(SAMPLE_SECONDS)
    return samples


def sample(process: int) -> Sample:
    """What `/proc` says of a process."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    links = (Path(f"/proc/{process}/fd") / name.name for name in Path(f"/proc/{process}/fd").iterdir())
    sockets = sum(_target(link).startswith("socket:") for link in links)
    threads = int(status.partition("Threads:")[2].split()[0])
    return Sample(memory=resident_bytes(process), threads=threads, sockets=sockets)


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # closed meanwhile
        return ""


def report(samples: Sequence[Sample], seconds: float, answers: Counter[int]) -> int:
    """Print the table; 1 when the last third is above the second by more than the bar."""
    third = len(samples) // 3
    parts = [samples[:third], samples[third : 2 * third], samples[2 * third :]]
    medians = [
        [statistics.median(getattr(each, name) for each in part) for part in parts]
        for name in ("memory", "threads", "sockets")
    ]
    out = sys.stdout.write
    out(f"{sum(answers.values())} requests in {seconds:.0f} s, answered {dict(sorted(answers.items()))}\n")
    out(f"{'':12}{'first third':>14}{'second':>14}{'last':>14}{'growth':>10}\n")
    missed = 0
    for name, unit, (first, second, last) in zip(
        ("memory, MB", "threads", "sockets"), (1e6, 1, 1), medians, strict=True
    ):
        growth = last / second - 1
        missed += growth > BAR
        out(f"{name:12}{first / unit:14.1f}{second / unit:14.1f}{last / unit:14.1f}{growth:10.1%}\n")
    return 1 if missed else 0


async def main(minutes: float) -> int:
    """Run the load and print the table."""
    with account(latency=0.02, lifted=True) as controlled:
        known = [
            f"{product}:{task}" for product in ("cdn", "dcdn") for task in controlled.add_many(product, KNOWN_TASKS)
        ]
        known += [f"vod:{task}" for task in controlled.add_many("vod", KNOWN_TASKS // 10)]
        rows = [f"http://example.com/{number}.html" for number in range(LARGE_ROWS)]
        known += [f"cdn:{controlled.add('cdn', rows, moving=True)}" for _ in range(LARGE_TASKS)]
        environ = environment(controlled.address, log_level="WARNING", **LIFTED)
        async with web_function(environ) as server:
            started = time.monotonic()
            until = asyncio.get_running_loop().time() + minutes * 60
            load = Load(server, known)
            _, _, samples = await asyncio.gather(
                load.run(until), disturb(controlled, until), observe(server.process, until)
            )
    return report(samples, time.monotonic() - started, load.answers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    sys.exit(asyncio.run(main(parser.parse_args().minutes)))
