"""`make demo`, as a person meets it: case N1."""

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
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.emulator.node.browser import upload_in_a_browser
from tests.support.eventually import GIVE_UP_SECONDS
from tests.support.free_port import free_port

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "emulator.demo"]


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
        self.log = log
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
        """What the emulator's control API says."""
        return msgspec.json.decode(_run(f"curl http://127.0.0.1:{self.ports[1]}/_emulator/{path}"))


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_every_printed_line_works_and_both_stop_together(tmp_path: Path, stop: signal.Signals) -> None:
    with running_demo(tmp_path) as demo:
        shown, moving, job, esa, other, _uploaded, _followed, webhooks, checked = map(_run, demo.commands)
        invoked = _until(lambda: [each for each in demo.control("deliveries") if each["kind"] == "oss"])
        (followed,) = _until(lambda: msgspec.json.decode(_run(demo.commands[6])).get("tasks", []))
        demo.process.send_signal(stop)
        assert demo.process.wait(15) == 0
    assert re.findall(r'"id":"([a-z]+:\d+|\d+)"', shown) == ["cdn:24840", "dcdn:113681", "vod:704225667", "999"]
    assert len(msgspec.json.decode(moving)["tasks"]) == 4
    assert [task["id"] for task in msgspec.json.decode(job)["tasks"]] == ["vod:31000004"]
    assert [task["product"] for task in msgspec.json.decode(esa)["tasks"]] == ["esa", "esa"]
    assert [task["account"] for task in msgspec.json.decode(other)["tasks"]] == ["acme"]
    assert (followed["action"], followed["objects"][0]["objectPath"]) == (
        "refresh",
        "http://example.com/img/hello.txt",
    )
    assert msgspec.json.decode(webhooks) == []
    assert msgspec.json.decode(checked)["finding"] == "fresh"
    assert {(each["key"], each["failed"]) for each in invoked} == {("img/hello.txt", False)}
    assert demo.log.read_text() == ""
    for port in demo.ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=GIVE_UP_SECONDS)


def test_nothing_listens_beyond_this_machine(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        listening = Path("/proc/net/tcp").read_text(encoding="ascii") if Path("/proc/net/tcp").exists() else ""
        for port in demo.ports:
            assert f" 00000000:{port:04X} " not in listening
            with socket.create_connection(("127.0.0.1", port), timeout=GIVE_UP_SECONDS):
                pass


def _until(look: Callable[[], list[Any]]) -> list[Any]:
    """What `look` sees once that is something."""
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while not (seen := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return seen


def _tasks(line: str) -> list[Any]:
    found: list[Any] = msgspec.json.decode(_run(line))["tasks"]
    return found


def _run(line: str) -> str:
    command = [*shlex.split(line), "--silent", "--show-error", "--noproxy", "*", "--max-time", "20"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def refused(**ports: int | str) -> str:
    """What it says when it cannot start with these ports."""
    environ = {**os.environ, **{name: str(port) for name, port in ports.items()}}
    outcome = subprocess.run(COMMAND, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stdout) == (1, "")
    return outcome.stderr


WAY_OUT = "choose two free ports: PORT=9000 EMULATOR_PORT=9100 make demo\n"


def test_taken_ports_are_named_at_once_with_the_way_out() -> None:
    with socket.socket() as one, socket.socket() as other:
        for taken in (one, other):
            taken.bind(("127.0.0.1", 0))
            taken.listen()
        first, second = one.getsockname()[1], other.getsockname()[1]
        both = refused(PORT=first, EMULATOR_PORT=second)
        assert both == f"demo: port {first} is taken (PORT), port {second} is taken (EMULATOR_PORT); {WAY_OUT}"
        assert f"port {second} is taken (EMULATOR_PORT); " in refused(PORT=free_port(), EMULATOR_PORT=second)


def test_ports_that_are_none_are_named_at_once() -> None:
    assert (
        refused(PORT="nine", EMULATOR_PORT=70_000)
        == f"demo: PORT=nine is no port, EMULATOR_PORT=70000 is no port; {WAY_OUT}"
    )


def test_one_port_for_both_is_told() -> None:
    port = free_port()
    assert refused(PORT=port, EMULATOR_PORT=port) == f"demo: PORT and EMULATOR_PORT are both {port}; {WAY_OUT}"


def test_its_links_work_before_anything_is_uploaded(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        moving, followed, _upload = [line for line in demo.lines if line.startswith("http")]
        for link in (moving, followed):
            ask = partial(_tasks, f"curl '{link.replace('/?', '/v1/tasks?')}'")
            ask()
            assert _until(ask)


def test_a_person_uploads_a_file_from_a_page_and_sees_its_tasks(tmp_path: Path) -> None:
    uploaded = tmp_path / "my photo (1).txt"
    uploaded.write_text("content")
    with running_demo(tmp_path) as demo:
        page = next(line for line in demo.lines if "/_emulator/upload?" in line)
        seen = upload_in_a_browser(page, uploaded)
        keys = [event["key"] for event in demo.control("events") if event["bucket"] == "demo"]
    assert seen["statusOfUploadFromElsewhere"] == 200
    assert seen["linkedFromTheStatusPage"] == page
    assert keys == ["img/hello.txt", "img/my photo (1).txt", "elsewhere.png"]
    (task, *_) = seen["tasks"]
    assert (
        task["objects"][0]["objectPath"].replace("%28", "(").replace("%29", ")").endswith("/img/my%20photo%20(1).txt")
    )
