"""`make demo`, as a person meets it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "emulator.demo"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(function: int | str, emulator: int | str) -> Mapping[str, str]:
    return {**os.environ, "PORT": str(function), "EMULATOR_PORT": str(emulator)}


@contextmanager
def running_demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo with its lines printed; stopped, if the block has not done so."""
    ports = (free_port(), free_port())
    log = tmp_path / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            COMMAND, cwd=ROOT, env=environment(*ports), stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            yield Demo(process, ports, log)
        finally:
            process.terminate()
            assert process.wait(15) == 0


class Demo:
    """The process and what it has printed."""

    def __init__(self, process: subprocess.Popen[str], ports: tuple[int, int], log: Path) -> None:
        self.process = process
        self.ports = ports
        self.lines = []
        assert process.stdout is not None
        while "Ctrl-C" not in (line := process.stdout.readline()):
            assert line, f"the demo ended: {log.read_text()}"
            self.lines.append(line.strip())

    @property
    def commands(self) -> list[str]:
        """The lines to paste."""
        return [line for line in self.lines if line.startswith("curl ")]

    def control(self, path: str) -> Any:
        """What the emulator's control door says."""
        return msgspec.json.decode(_run(f"curl http://127.0.0.1:{self.ports[1]}/_emulator/{path}"))


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_every_printed_line_works_and_both_stop_together(tmp_path: Path, stop: signal.Signals) -> None:
    with running_demo(tmp_path) as demo:
        shown, moving, _uploaded, _followed, webhooks = [_run(line) for line in demo.commands]
        invoked = _until(lambda: [each for each in demo.control("deliveries") if each["kind"] == "oss"])
        (followed,) = _until(lambda: msgspec.json.decode(_run(demo.commands[3])).get("tasks", []))
        demo.process.send_signal(stop)
        assert demo.process.wait(15) == 0
    assert re.findall(r'"id":"([a-z]+:\d+|\d+)"', shown) == ["cdn:24840", "dcdn:113681", "vod:704225667", "999"]
    assert len(msgspec.json.decode(moving)["tasks"]) == 4
    assert (followed["action"], followed["objects"][0]["objectPath"]) == (
        "refresh",
        "http://example.com/img/hello.txt",
    )
    assert msgspec.json.decode(webhooks) == []
    assert [(each["key"], each["failed"]) for each in invoked] == [("img/hello.txt", False)]
    for port in demo.ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)


def test_nothing_listens_beyond_this_machine(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        listening = Path("/proc/net/tcp").read_text(encoding="ascii") if Path("/proc/net/tcp").exists() else ""
        for port in demo.ports:
            assert f" 00000000:{port:04X} " not in listening
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                pass


def _until(look: Callable[[], list[Any]]) -> list[Any]:
    """What `look` sees once that is something."""
    deadline = time.monotonic() + 10
    while not (seen := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return seen


def _run(line: str) -> str:
    command = [*shlex.split(line), "--silent", "--show-error", "--noproxy", "*", "--max-time", "20"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("variable", ["PORT", "EMULATOR_PORT"])
def test_a_taken_port_is_named_with_the_way_out(variable: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"PORT": str(free_port()), "EMULATOR_PORT": str(free_port()), variable: str(port)}
        outcome = subprocess.run(
            COMMAND, cwd=ROOT, env={**os.environ, **ports}, capture_output=True, text=True, check=False
        )
    assert outcome.returncode == 1
    assert outcome.stderr == f"demo: port {port} is taken; choose another with {variable}=...\n"


def test_a_port_that_is_none_is_named() -> None:
    outcome = subprocess.run(COMMAND, cwd=ROOT, env=environment("nine", 1), capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stderr) == (1, "demo: PORT: 'nine' is no port; example: PORT=9000\n")
