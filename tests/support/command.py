"""The command `cdn-task-status`: as a process, and inside the test's own with a clock that costs no time."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cdn_task_status_cli.__main__ import run
from cdn_task_status_cli.commands.job import Surroundings

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "cli" / "src"
OURS = ("TASK_STATUS_", "GITHUB_", "RUNNER_", "INPUT_")


class Ended(NamedTuple):
    """How the command ended and what it wrote."""

    exit: int
    out: str
    err: str


class ManualClock:
    """Moves when somebody sleeps: at least by `leap` seconds, as on a machine that was suspended."""

    def __init__(self, leap: float = 0.0) -> None:
        self.now = 1_000.0
        self.leap = leap
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        self.now += max(seconds, self.leap)


def environment(url: str = "", **settings: str) -> dict[str, str]:
    """The test's own without what would steer the command; `settings` are its TASK_STATUS_*."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith((*OURS, "PYTHON"))}
    told = {f"TASK_STATUS_{name.upper()}": value for name, value in {"url": url, **settings}.items() if value}
    return {**kept, "PYTHONPATH": str(SOURCE), **told}


def command(*arguments: str, env: Mapping[str, str], stdin: str = "", prefix: tuple[str, ...] = ()) -> Ended:
    """Run it as a process to its end; `prefix` are the words that start it where it is not run from its source."""
    started = prefix or (sys.executable, "-m", "cdn_task_status_cli")
    done = subprocess.run([*started, *arguments], env=env, input=stdin.encode(), capture_output=True, check=False)
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def inside(*arguments: str, env: Mapping[str, str], stdin: str = "", clock: ManualClock | None = None) -> Ended:
    """Run it in this process: pauses cost no time."""
    out, err = io.StringIO(), io.StringIO()
    ended = run(list(arguments), Surroundings(env, io.StringIO(stdin), out, err, clock or ManualClock()))
    return Ended(ended, out.getvalue(), err.getvalue())
