"""`make demo-fleet`, as a person meets it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from tests.support.free_port import free_port

ROOT = Path(__file__).parents[2]


def _run(line: str) -> bytes:
    return subprocess.run(shlex.split(line), capture_output=True, check=True).stdout


def test_every_printed_line_works_on_every_instance(tmp_path: Path) -> None:
    ports = {"PORT": str(free_port()), "EMULATOR_PORT": str(free_port())}
    log = tmp_path / "errors"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "emulator.demo.fleet"],
            cwd=ROOT,
            env={**os.environ, **ports},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout
            lines: list[str] = []
            while "Ctrl-C" not in (line := process.stdout.readline()):
                assert line, log.read_text()
                lines.append(line.strip())
            for line in lines:
                if line.startswith("kill "):
                    _run(line)
            *asked, logged = [_run(f"{line} -s") for line in lines if line.startswith("curl ")]
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
    assert [len(msgspec.json.decode(answer)["tasks"]) for answer in asked] == [4, 4, 4]
    assert msgspec.json.decode(logged)
