"""The cold start: from a process that does not exist to the first answer that comes from the vendor.

Files are in the page cache already and the vendor answers at once: what is left is what the package itself costs.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import msgspec

from bench.account import Account, account
from bench.cases.effort import Effort
from bench.figures import Bar, CaseResult, Line
from bench.processes import answering, environment, free_address, resident_bytes, running
from bench.trees import Trees, trees
from packager.prune import size_of

_CASE = "cold start"
_PLAIN_HANDLER = Path(__file__).parent.parent / "plain_handler.py"
_COUNTING = """
import signal, sys
signal.signal(signal.SIGUSR1, lambda *_: sys.stderr.write(f"{len(sys.modules)}\\n"))
from functions.server import main
main()
"""
"""The same server, which tells how many modules it has when it gets a signal."""
_MEGA = 1_000_000


class _Size(msgspec.Struct, frozen=True):
    """What a process came to: modules, resident bytes."""

    modules: int
    resident: int


async def cold(effort: Effort) -> CaseResult:
    """Ours beside the plain trees and the floor."""
    made = trees()
    times: dict[str, list[float]] = {"ours": [], "plain": [], "compiled": [], "floor": []}
    with account(latency=0.0, lifted=True) as vendor:
        task_id = vendor.add("cdn")
        for _ in range(effort.amount(10, 3)):
            times["ours"].append(await _ours(made, vendor, task_id))
            times["compiled"].append(_plain(made, made.plain_compiled, vendor, task_id)[0])
            times["plain"].append(_plain(made, made.plain, vendor, task_id)[0])
            times["floor"].append(_floor(made))
        ours = await _our_size(made, vendor, task_id)
        plain = _plain(made, made.plain_compiled, vendor, task_id)[1]
    return CaseResult(
        [*_times({name: median(each) * 1000 for name, each in times.items()}), *_sizes(made, ours, plain)]
    )


def _times(medians: Mapping[str, float]) -> list[Line]:
    bars = (
        (0.40, "plain", "plain tree without .pyc"),
        (0.75, "compiled", "plain tree with .pyc"),
        (1.6, "floor", "importing the SDKs' core alone"),
    )
    return [
        Line(
            case=_CASE,
            what="start to first vendor answer",
            ours=medians["ours"],
            unit="ms",
            bar=Bar(share * medians[name], f"{share} x {words}, {medians[name]:,.0f} ms"),
        )
        for share, name, words in bars
    ]


def _sizes(made: Trees, ours: _Size, plain: _Size) -> list[Line]:
    memory = plain.resident / _MEGA
    rows = (
        ("modules after it", ours.modules, "", Bar(950, f"plain: {plain.modules:,}")),
        ("memory after it", ours.resident / _MEGA, "MB", Bar(0.95 * memory, f"0.95 x plain, {memory:.0f} MB")),
        (
            "artifact, unpacked",
            made.artifact.unpacked / _MEGA,
            "MB",
            Bar(48, f"plain: {size_of(made.plain) / _MEGA:.0f} MB"),
        ),
        ("artifact, zipped", made.artifact.zipped / _MEGA, "MB", Bar(15, "as said")),
    )
    return [Line(case=_CASE, what=what, ours=figure, unit=unit, bar=bar) for what, figure, unit, bar in rows]


async def _ours(made: Trees, vendor: Account, task_id: str) -> float:
    async with _served(made, vendor, task_id, "-m", "functions.server") as (_, seconds):
        return seconds


async def _our_size(made: Trees, vendor: Account, task_id: str) -> _Size:
    async with _served(made, vendor, task_id, "-c", _COUNTING) as (process, _):
        process.send_signal(signal.SIGUSR1)
        assert process.stderr is not None  # noqa: S101 -- a pipe, see below; for the type checker
        modules = int(process.stderr.readline())
        return _Size(modules, resident_bytes(process.pid))


@asynccontextmanager
async def _served(
    made: Trees, vendor: Account, task_id: str, *program: str
) -> AsyncIterator[tuple[subprocess.Popen[bytes], float]]:
    """Our artifact, started as its bootstrap does on Function Compute; with the seconds to its first answer."""
    address = free_address()
    command: list[str | Path] = [made.target.python, "-S", "-B", "-u", *program]
    environ = {**environment(vendor.address), "PORT": address.partition(":")[2]}
    started = time.perf_counter()
    with running(command, environ, made.artifact.code, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        await answering(address, f"/v1/tasks?taskId=cdn:{task_id}", process)
        yield process, time.perf_counter() - started


def _plain(made: Trees, tree: Path, vendor: Account, task_id: str) -> tuple[float, _Size]:
    """The same answer by the handler over a plain tree, and what the process had come to by then."""
    command: list[str | Path] = [made.target.python, "-B", _PLAIN_HANDLER, vendor.address, task_id]
    environ = {**environment(vendor.address), "PYTHONPATH": str(tree)}
    started = time.perf_counter()
    with running(command, environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None  # noqa: S101 -- a pipe; for the type checker
        modules = int(process.stdout.readline())
        return time.perf_counter() - started, _Size(modules, resident_bytes(process.pid))


def _floor(made: Trees) -> float:
    """The import that no way around it leads past, from the plain tree with `.pyc`."""
    started = time.perf_counter()
    command: list[str | Path] = [made.target.python, "-S", "-c", "import alibabacloud_tea_openapi.client"]
    subprocess.run(command, check=True, env={"PYTHONPATH": str(made.plain_compiled)}, stderr=subprocess.DEVNULL)  # noqa: S603 -- an import
    return time.perf_counter() - started
