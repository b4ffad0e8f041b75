"""What the tests of this folder share: tools from npm and PyPI, and the service that clients are tried against."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emulator.testing import Emulator, Transition
from functions.api.routes.public import OPENAPI_PATH as OPENAPI
from tests.support.real_service import LIFTED
from tests.support.web_function import Web, web_over

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
TASKS = 5


def run(*command: str, cwd: Path = HERE, seconds: float = 280) -> str:
    """What a tool prints; it must succeed."""
    assert (HERE / "node_modules").is_dir(), "what these tests need is not installed; run: .ci/browser"
    path = os.pathsep.join([str(HERE / "node_modules" / ".bin"), str(BIN), os.environ["PATH"]])
    environ = {**os.environ, "PATH": path, "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    return done.stdout


@contextmanager
def service_over(emu: Emulator, **settings: Any) -> Iterator[Web]:
    """The service over an account with five tasks of `b.com`; what is submitted is over after two reads."""
    for number in range(TASKS):
        emu.tasks.add("cdn", [f"https://b.com/{number}"], task_id=f"9990{number}", age=100 + number)
    emu.tasks.submit_transition = Transition(by="reads", length=2)
    with web_over(emu, submit="on", fresh_seconds=0, **LIFTED, **settings) as web:
        yield web


LISTED = [f"cdn:9990{number}" for number in range(TASKS)]
"""The ids of these tasks, newest first."""
__all__ = ["LISTED", "OPENAPI", "run", "service_over"]
