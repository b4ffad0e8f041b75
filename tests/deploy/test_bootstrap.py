from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from packager.build import ROOT, VERSION_FILE
from packager.target import find_target

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A package that says, instead of serving, with what it was started."""
    folder = tmp_path / "code"
    (folder / "functions").mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "bootstrap", folder / "bootstrap")
    (folder / VERSION_FILE).write_text(f"{RUNNING}\n", "utf-8")
    (folder / "functions" / "server.py").write_text(
        "import os, sys\nprint(os.getcwd(), sys.dont_write_bytecode, 'site' in sys.modules)\n", "utf-8"
    )
    return folder


def start(code: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([code / "bootstrap"], cwd="/", env=environ, capture_output=True, text=True, check=False)


def test_the_server_starts_in_its_folder_and_writes_nothing_there(code: Path) -> None:
    done = start(code, PYTHON=sys.executable, PATH="/usr/bin:/bin")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{code} True False\n", "")


def test_a_python_of_another_version_is_refused_in_one_line(code: Path) -> None:
    (code / VERSION_FILE).write_text("3.99\n", "utf-8")
    done = start(code, PYTHON=sys.executable, PATH="/usr/bin:/bin")
    assert done.returncode == 1
    assert done.stderr == (
        f"bootstrap: this package is built for Python 3.99, but {sys.executable} is {RUNNING};"
        " set PYTHON=/path/to/python3.99\n"
    )


def test_no_python_at_all_is_refused_in_one_line(code: Path) -> None:
    done = start(code, PYTHON="/nowhere/python", PATH="/usr/bin:/bin")
    assert done.returncode == 1
    assert "but /nowhere/python is none that runs" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_build_is_for_the_interpreter_that_was_named() -> None:
    target = find_target(Path(sys.executable))
    assert (target.version, target.deployable) == (RUNNING, RUNNING == "3.12")


def test_an_interpreter_that_does_not_run_stops_the_build() -> None:
    with pytest.raises(SystemExit, match="/nowhere/python does not run"):
        find_target(Path("/nowhere/python"))


def test_a_build_is_for_the_deployed_version_where_one_is_found() -> None:
    target = find_target()
    assert target.deployable or target.version == RUNNING
