"""The events function as a process of its own: `python -m tests.support.events_process PORT TIMINGS`.

Everything is real but the waiting, which TIMINGS (JSON) shortens: a test need not wait until a change may be closed.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import httpx
import msgspec

from functions import logs, model
from functions.events.handler import OssEventHandler
from functions.events.rules import read_rules
from functions.events.timings import Timings
from functions.events.wiring import store_backed
from functions.server import Components, create_app, web_server
from functions.settings import read_settings
from functions.store.oss import open_store
from functions.tasks.wiring import build_service
from functions.upstream.credentials import CredentialSource

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 60.0


async def serve(port: int, timings: Timings) -> None:
    model.SECOND_LOOK_SECONDS = 1.0
    settings = read_settings(os.environ)
    logs.configure(settings.log_level)
    credentials = CredentialSource()
    tasks = build_service(settings, credentials)
    rules = read_rules(settings.rules_path, settings.products)
    handler = OssEventHandler(store_backed(settings, rules, tasks, open_store(settings, credentials), timings))
    app = create_app(Components(settings=settings, tasks=tasks, credentials=credentials, events=handler))
    await web_server(app, settings, port, "127.0.0.1").serve()


class FunctionProcess:
    """A process that can be killed and started again on its port."""

    def __init__(self, port: int, environment: Mapping[str, str], *command: str) -> None:
        """`command` are the arguments of Python; the environment is Function Compute's besides."""
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {**os.environ, "FC_FUNCTION_NAME": "task-events", **environment, "PORT": str(port)}
        self._command = [sys.executable, "-m", *command]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL)

    def wait_until_up(self) -> None:
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            with suppress(httpx.TransportError):
                httpx.get(f"{self.url}/healthz", timeout=START_SECONDS, trust_env=False)
                return
            time.sleep(0.02)
        raise AssertionError("the process did not come up")

    def kill(self) -> None:
        """SIGKILL: nothing is written any more, nobody said goodbye to."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def _up(process: FunctionProcess) -> Iterator[FunctionProcess]:
    process.start()
    try:
        process.wait_until_up()
        yield process
    finally:
        process.kill()


def events_process(
    port: int, environment: Mapping[str, str], timings: Timings
) -> AbstractContextManager[FunctionProcess]:
    """The events function with these timings, up and running."""
    timings_json = msgspec.json.encode(timings).decode()
    return _up(FunctionProcess(port, environment, "tests.support.events_process", str(port), timings_json))


def server_process(port: int, environment: Mapping[str, str]) -> AbstractContextManager[FunctionProcess]:
    """The web function's own server, as it is deployed."""
    return _up(FunctionProcess(port, environment, "functions.server"))


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Timings)))
