"""The interpreter that the artifact is made for: compiled wheels and `.pyc` files fit one minor version only."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

DEPLOYED = "3.12"
"""What Function Compute offers: `custom.debian11` in /var/fc/lang/python3.12, and the built-in runtime python3.12."""
_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


class Target(msgspec.Struct, frozen=True):
    """An interpreter and its version, such as `3.12`."""

    python: Path
    version: str

    @property
    def deployable(self) -> bool:
        """Whether Function Compute can run an artifact made for it."""
        return self.version == DEPLOYED


def find_target(python: Path | None = None) -> Target:
    """The given interpreter, else a CPython of the deployed version, else the running one."""
    if python is not None:
        return _target(python) or _refuse(python)
    found = (target for target in map(_target, _candidates()) if target is not None and target.deployable)
    return next(found, None) or Target(Path(sys.executable), f"{sys.version_info.major}.{sys.version_info.minor}")


def _candidates() -> Iterator[Path]:
    yield Path(sys.executable)
    name = f"python{DEPLOYED}"
    if on_path := shutil.which(name):
        yield Path(on_path)
    yield from sorted(Path.home().glob(f".pyenv/versions/{DEPLOYED}*/bin/{name}"), reverse=True)
    yield Path(f"/var/fc/lang/{name}/bin/{name}")


def _target(python: Path) -> Target | None:
    """None where it does not run: a version manager's shim may stand for a version that is not installed."""
    try:
        answer = subprocess.run(  # noqa: S603 -- an interpreter of this machine, asked for its version
            [python, "-S", "-c", _VERSION], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return Target(python, answer.stdout.strip())


def _refuse(python: Path) -> Target:
    raise SystemExit(f"package: {python} does not run")
