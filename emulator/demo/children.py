"""The processes of a demo: started, watched, and stopped together."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from emulator.demo.ports import HOST, DemoError, Ports, chosen_ports

START_SECONDS = 30.0
STOP_SECONDS = 5.0
POLL_SECONDS = 0.05
STATUS_SECONDS = 0.5
LAST_LINES = 10
LOG = Path(__file__).parents[2] / "build" / "demo.log"


Running = dict[str, subprocess.Popen[bytes]]
"""The processes by the names that the person reads."""


class Children:
    """The processes of the demo; what they write is kept in `log`."""

    def __init__(self, running: Running, log: BinaryIO, over: threading.Event) -> None:
        """`running` is where started processes are put, to be stopped in the end; `over` says when that is."""
        self._running = running
        self._log = log
        self._over = over

    def start(self, name: str, *module: str, environment: Mapping[str, str] | None = None) -> None:
        """Start one of the project's modules."""
        command = [sys.executable, "-m", *module]
        self._running[name] = subprocess.Popen(command, env=environment, stdout=self._log, stderr=self._log)  # noqa: S603

    def check(self) -> None:
        """Raises DemoError, with the end of the log, when one has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                last = "\n".join(LOG.read_text("utf-8", "replace").splitlines()[-LAST_LINES:])
                raise DemoError(f"the {name} ended with exit code {process.returncode}; the end of {LOG}:\n{last}")

    def is_up(self, port: int, path: str) -> bool:
        """Whether it answers well; False when the demo is over before. Raises DemoError."""
        deadline = time.monotonic() + START_SECONDS
        while not _is_healthy(port, path):
            self.check()
            if time.monotonic() > deadline:
                raise DemoError(f"no healthy answer within {START_SECONDS:g} s from http://{HOST}:{port}{path}")
            if self._over.wait(POLL_SECONDS):
                return False
        return True

    def until_over(self, status_line: Callable[[], str]) -> None:
        """Show one line of what happens. Raises DemoError when a process ends."""
        while not self._over.wait(STATUS_SECONDS):
            self.check()
            if sys.stdout.isatty():
                sys.stdout.write(f"\r\x1b[K{status_line()}")
                sys.stdout.flush()


def run_demo(show: Callable[[Ports, Children], None]) -> int:
    """Run a demo; 1 with one line on stderr when it cannot start or one of its processes ends."""
    over = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        over.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        ports = chosen_ports(os.environ)
        LOG.parent.mkdir(exist_ok=True)
        with LOG.open("wb") as log, _stopping() as running:
            show(ports, Children(running, log, over))
        if sys.stdout.isatty():
            sys.stdout.write("\n")
    except (DemoError, OSError) as fault:
        sys.stderr.write(f"demo: {fault}\n")
        return 1
    return 0


@contextlib.contextmanager
def _stopping() -> Iterator[Running]:
    """The processes that are put into it, stopped when the block is left."""
    running: Running = {}
    try:
        yield running
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            _reap(process)


def _reap(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _is_healthy(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
