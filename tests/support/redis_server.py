"""A real Redis server on a free port of this machine, that can be stopped, killed, emptied and started again."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import which

from redis import Redis
from redis.exceptions import RedisError

_START_SECONDS = 30.0


class RedisServer:
    """Nothing is kept on disk: started again it is empty."""

    def __init__(self, folder: Path, *options: str) -> None:
        """`options` go on the command line."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = which("redis-server")
        assert program, "what these tests need is not installed; run: .ci/tools"
        listening = ["--port", str(self.port), "--bind", "127.0.0.1", "--protected-mode", "no"]
        memory_only = ["--save", "", "--appendonly", "no", "--dir", str(self._folder)]
        self._process = subprocess.Popen(
            [program, *listening, *memory_only, *self._options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        give_up = time.monotonic() + _START_SECONDS
        while time.monotonic() < give_up:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.01)
        raise AssertionError("redis-server did not come up")

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing is answered."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def client(self) -> Redis:
        """For looking into it."""
        return Redis(host="127.0.0.1", port=self.port)

    def flush(self) -> None:
        """FLUSHALL."""
        with suppress(RedisError), self.client() as client:
            client.flushall()


@contextmanager
def running_redis(folder: Path, *options: str) -> Iterator[RedisServer]:
    """A server, up and empty."""
    server = RedisServer(folder, *options)
    server.start()
    try:
        yield server
    finally:
        server.kill()
