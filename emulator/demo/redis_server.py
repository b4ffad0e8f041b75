"""A Redis server of this machine's own, as tests, benchmarks and the demo need it: on a free port, nothing on disk."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from shutil import which
from tempfile import TemporaryDirectory

from emulator.demo.ports import HOST

_START_SECONDS = 30.0


class RedisServer:
    """A process that can be killed, held and started again, empty, on its port."""

    def __init__(self, folder: str, *options: str) -> None:
        """`folder` is its working directory, `options` go on its command line."""
        with socket.create_server((HOST, 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"redis://{HOST}:{self.port}/0"
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int | None:
        """None while it does not run."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Return once it listens. Raises RuntimeError."""
        program = which("redis-server")
        if program is None:
            raise RuntimeError("redis-server is not installed: on Debian and Ubuntu, apt-get install redis-server")
        listening = ("--port", str(self.port), "--bind", HOST, "--protected-mode", "no")
        memory_only = ("--save", "", "--appendonly", "no", "--dir", self._folder)
        self._process = subprocess.Popen(  # noqa: S603 -- the program that was found
            [program, *listening, *memory_only, *self._options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        give_up = time.monotonic() + _START_SECONDS
        while time.monotonic() < give_up and self._process.poll() is None:
            with suppress(OSError), socket.create_connection((HOST, self.port)):
                return
            time.sleep(0.01)
        raise RuntimeError("redis-server did not come up")

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


@contextmanager
def running_redis(*options: str) -> Iterator[RedisServer]:
    """A server, up and empty."""
    with TemporaryDirectory() as folder:
        server = RedisServer(folder, *options)
        server.start()
        try:
            yield server
        finally:
            server.kill()
