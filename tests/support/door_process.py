"""The events function as a process of its own, impatient enough for a test: `python -m tests.support.door_process PORT`.

Everything is real but the waiting: seconds instead of half a minute until a claim is recovered or a change closed.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from functions import logs, model
from functions.events.door import EventDoor
from functions.events.opening import keeping
from functions.events.oss_store import open_store
from functions.events.pace import Pace
from functions.events.rules import read_rules
from functions.server import create_app, web_server
from functions.settings import read_settings
from functions.tasks.service import build_service
from functions.upstream.credentials import CredentialSource

ROOT = Path(__file__).parent.parent.parent
PACE = Pace(owner=1.0, hold=1.0, recover=4.0, close=4.0, sweep=20.0)
START_SECONDS = 30.0


async def serve(port: int) -> None:
    model.SECOND_LOOK_SECONDS = 1.0
    settings = read_settings(os.environ)
    logs.configure(settings.log_level)
    credentials = CredentialSource()
    tasks = build_service(settings, credentials)
    rules = read_rules(settings.rules_path, settings.products)
    door = EventDoor(keeping(settings, rules, tasks, open_store(settings, credentials), PACE))
    app = create_app(settings, tasks, credentials=credentials, events=door)
    await web_server(app, settings, port, "127.0.0.1").serve()


class DoorProcess:
    """A process that can be killed and started again on its port."""

    def __init__(self, port: int, environment: Mapping[str, str], module: str = "tests.support.door_process") -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {**os.environ, "FC_FUNCTION_NAME": "task-events", **environment, "PORT": str(port)}
        self._command = [sys.executable, "-m", module, str(port)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL
        )

    def wait_until_up(self) -> None:
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            with suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
                return
            time.sleep(0.02)
        raise AssertionError("the process did not come up")

    def kill(self) -> None:
        """SIGKILL: nothing is written any more, nothing said goodbye to."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def door_process(port: int, environment: Mapping[str, str], module: str = "tests.support.door_process") -> Iterator[DoorProcess]:
    """A process that is up."""
    process = DoorProcess(port, environment, module)
    process.start()
    try:
        process.wait_until_up()
        yield process
    finally:
        process.kill()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
