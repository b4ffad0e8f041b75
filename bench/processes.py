"""Everything measured runs in a process of its own, so that nobody's CPU or GIL is in another's figures."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec

from bench.wire import Connection

ROOT = Path(__file__).resolve().parent.parent
KEY = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "emulator", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "emulator"}
_START_SECONDS = 30.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Server(msgspec.Struct, frozen=True):
    """A running server and its process."""

    address: str
    process: int


def cpu_seconds(process: int) -> float:
    """CPU time a process has used, all threads, user and system; in steps of 10 ms."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_bytes(process: int, *, peak: bool = False) -> int:
    """The memory a process holds, or at its peak has held."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    return int(status.partition("VmHWM:" if peak else "VmRSS:")[2].split()[0]) * 1024


def environment(vendor: str, **settings: object) -> dict[str, str]:
    """What a web function needs to ask the vendor at `vendor`; `settings` by their names without the prefix."""
    endpoints = {f"TASK_STATUS_{product}_ENDPOINT": f"http://{vendor}" for product in ("CDN", "DCDN", "VOD")}
    named = {f"TASK_STATUS_{name.upper()}": str(value) for name, value in settings.items()}
    return {"PATH": os.environ["PATH"], **KEY, **endpoints, **named}


@contextmanager
def vendor(*options: str) -> Iterator[str]:
    """An emulator without tasks; its address."""
    command: list[str | Path] = [sys.executable, "-m", "emulator", "--port", "0", "--empty", *options]
    with running(command, os.environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 -- asked for above; for the type checker
        yield process.stdout.readline().decode().partition("http://")[2].split()[0]


@asynccontextmanager
async def web_function(environ: Mapping[str, str], *interpreter: str) -> AsyncIterator[Server]:
    """The web function, once it answers; `interpreter` options go before `-m functions.server`."""
    address = free_address()
    command: list[str | Path] = [sys.executable, *interpreter, "-m", "functions.server"]
    with running(command, {**environ, "PORT": address.partition(":")[2]}, stdout=subprocess.DEVNULL) as process:
        await answering(address, "/healthz", process)
        yield Server(address, process.pid)


async def answering(address: str, path: str, process: subprocess.Popen[bytes]) -> None:
    """Return once a GET is answered with 200. Raises RuntimeError if the process ends before."""
    give_up = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        try:
            async with Connection(address) as connection:
                if (await connection.get(path)).status == 200:
                    return
        except (OSError, EOFError):
            await asyncio.sleep(0.002)
    raise RuntimeError(f"no answer from {process.args!r}")


def free_address() -> str:
    """An address on this machine nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def running(  # noqa: PLR0913 -- what Popen takes, each by name
    command: Sequence[str | Path],
    environ: Mapping[str, str],
    folder: Path = ROOT,
    *,
    stdin: int | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A process, ended with SIGINT: a profiler in it can still write what it found."""
    with subprocess.Popen(  # noqa: S603 -- our own programs
        command, cwd=folder, env=environ, stdin=stdin, stdout=stdout, stderr=stderr
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(_START_SECONDS)


async def helper(module: str, question: object) -> bytes:
    """What a program of ours prints when it is given `question` as JSON. Raises RuntimeError when it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    answer, _ = await process.communicate(msgspec.json.encode(question))
    if process.returncode:
        raise RuntimeError(f"{module} ended with {process.returncode}")
    return answer
