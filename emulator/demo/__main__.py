"""`make demo`: the emulator and the web function side by side, and lines to paste.

Ports come from PORT (9000) and EMULATOR_PORT (9100). Ends on Ctrl-C, SIGTERM, or when one of the two does.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from types import FrameType

from emulator.demo.scenario import HOST, Ports, function_environment, invitation, make_buckets, pull_triggers

START_SECONDS = 30.0
STOP_SECONDS = 5.0
POLL_SECONDS = 0.05


Running = dict[str, subprocess.Popen[bytes]]
"""The processes by the names that the person reads."""


class DemoError(Exception):
    """Raised when the demo cannot go on; its text is what the person reads."""


def main() -> int:
    """Run the demo; 1 with one line on stderr when it cannot start or one of the two ends."""
    over = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        over.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        ports = _ports(os.environ)
        with _stopping() as running:
            _show(ports, running, over)
    except (DemoError, OSError) as fault:
        sys.stderr.write(f"demo: {fault}\n")
        return 1
    return 0


def _ports(environ: Mapping[str, str]) -> Ports:
    ports = Ports(_port(environ, "PORT", 9000), _port(environ, "EMULATOR_PORT", 9100))
    for port, variable in ((ports.function, "PORT"), (ports.emulator, "EMULATOR_PORT")):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                raise DemoError(f"port {port} is taken; choose another with {variable}=...") from None
    return ports


def _port(environ: Mapping[str, str], variable: str, default: int) -> int:
    raw = environ.get(variable, "").strip() or str(default)
    if not raw.isdecimal() or not 0 < int(raw) < 65_536:  # noqa: PLR2004 -- all ports there are
        raise DemoError(f"{variable}: {raw!r} is no port; example: {variable}={default}")
    return int(raw)


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


def _show(ports: Ports, running: Running, over: threading.Event) -> None:
    """Both, one after the other, until `over`. Raises DemoError."""
    running["emulator"] = _started("emulator", "--host", HOST, "--port", str(ports.emulator))
    if not _is_up(ports.emulator, "/_emulator/health", running, over):
        return
    make_buckets(ports)
    running["web function"] = _started("functions.server", environment=function_environment(ports, os.environ))
    if not _is_up(ports.function, "/healthz", running, over):
        return
    pull_triggers(ports)
    sys.stdout.write(invitation(ports))
    sys.stdout.flush()
    while not over.wait(POLL_SECONDS):
        _check_alive(running)


def _started(*module: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", *module], env=environment)  # noqa: S603 -- the project's own modules


def _reap(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _is_up(port: int, path: str, running: Running, over: threading.Event) -> bool:
    """Whether it answers well; False when `over` came first. Raises DemoError."""
    deadline = time.monotonic() + START_SECONDS
    while not _is_healthy(port, path):
        _check_alive(running)
        if time.monotonic() > deadline:
            raise DemoError(f"no healthy answer within {START_SECONDS:g} s from http://{HOST}:{port}{path}")
        if over.wait(POLL_SECONDS):
            return False
    return True


def _check_alive(running: Running) -> None:
    for name, process in running.items():
        if process.poll() is not None:
            raise DemoError(f"the {name} ended with exit code {process.returncode}; its own words stand above")


def _is_healthy(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
