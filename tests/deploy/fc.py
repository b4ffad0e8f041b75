"""Starts a code folder the way Function Compute does: its bootstrap, its port, its environment."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import urllib.response
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.support.free_port import free_port

START_SECONDS = 60.0
FC_ENVIRONMENT = {
    "FC_FUNCTION_NAME": "task-status",
    "FC_INSTANCE_ID": "c-00000000-0000",
    "FC_REGION": "cn-hangzhou",
    "FC_ACCOUNT_ID": "1234567890123456",
    "FC_FUNC_CODE_PATH": "/code/",
    "FC_FUNCTION_HANDLER": "index.http",
    "FC_FUNCTION_MEMORY_SIZE": "1024",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "emulator",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "emulator",
}


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Server(msgspec.Struct, frozen=True):
    """A running server and where all it prints goes."""

    url: str
    output: Path

    def get(self, path: str) -> Answer:
        """One GET, whatever its status."""
        return _ask(urllib.request.Request(self.url + path))  # noqa: S310 -- an address of this machine

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One POST, whatever its status."""
        return _ask(urllib.request.Request(self.url + path, body, dict(headers)))  # noqa: S310 -- the same


def _ask(request: urllib.request.Request) -> Answer:
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 -- the same
            return _answer(response)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return _answer(refusal)


def _answer(response: urllib.response.addinfourl | urllib.error.HTTPError) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status or 0, headers, response.read())


@contextmanager
def served(command: tuple[str, ...], folder: Path, environ: Mapping[str, str], output: Path) -> Iterator[Server]:
    """Run `command` in `folder` until the block ends, once its port answers; nothing is inherited but PATH."""
    port = free_port()
    env = {
        "PATH": os.environ["PATH"],
        "PYTHON": sys.executable,
        "PORT": str(port),
        "FC_CUSTOM_LISTEN_PORT": str(port),
        **environ,
    }
    with output.open("wb") as sink, subprocess.Popen(command, cwd=folder, env=env, stdout=sink, stderr=sink) as process:
        try:
            server = Server(f"http://127.0.0.1:{port}", output)
            _wait_for(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)


def python_in(folder: Path, script: str, *arguments: str) -> str:
    """What a script prints that sees nothing but `folder` and the standard library. It must not fail."""
    done = subprocess.run(
        [sys.executable, "-S", "-B", "-W", "error::SyntaxWarning", "-c", script, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        try:
            server.get("/healthz")
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"no server came up:\n{server.output.read_text('utf-8', 'replace')}")
