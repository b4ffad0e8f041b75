"""What is published: built from the source archive alone, installed into an environment that has nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import venv
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

from cdn_task_status_cli import __version__
from emulator.testing import Emulator
from tests.support.command import ROOT, command, environment


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`build` makes the source archive, and the wheel out of that."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT / "cli")]
    subprocess.run(build, check=True, capture_output=True)
    assert [path.name for path in folder.glob("*.tar.gz")] == [f"cdn_task_status_cli-{__version__}.tar.gz"]
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in a virtual environment of its own."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, symlinks=os.name != "nt")
    python = home / "bin" / "python"
    install = ["install", "--quiet", "--no-index", "--disable-pip-version-check", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *install], check=True)
    return home / "bin" / "cdn-task-status"


def test_it_runs_where_nothing_else_is_installed(installed: Path, account: Emulator, env: dict[str, str]) -> None:
    task = account.tasks.add("cdn", ["http://example.com/a.jpg"])
    alone = {name: value for name, value in env.items() if name != "PYTHONPATH"}
    assert command("wait", f"cdn:{task}", env=alone, prefix=(str(installed),)).exit == 0


def test_it_says_its_version(installed: Path) -> None:
    assert command("--version", env=environment(), prefix=(str(installed),)).out == f"cdn-task-status {__version__}\n"


def test_it_needs_nothing_and_says_what_it_is(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        told = message_from_bytes(archive.read(metadata))
    assert told.get_all("Requires-Dist") is None
    assert (told["Name"], told["Version"], told["Requires-Python"]) == ("cdn-task-status-cli", __version__, ">=3.11")
    assert "exit code" in str(told.get_payload())
    assert "cdn_task_status_cli/py.typed" in names
    assert all(name.startswith(("cdn_task_status_cli/", "cdn_task_status_cli-")) for name in names)


def test_it_brings_the_projects_license(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/LICENSE"))
        assert archive.read(name) == (ROOT / "LICENSE").read_bytes()


def test_its_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == __version__
