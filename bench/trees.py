"""Folders to start from: our artifact, and what `pip install -t` makes of the three SDKs, without and with `.pyc`."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.processes import ROOT
from packager.build import Artifact, build
from packager.target import Target, find_target

_CACHE = ROOT / "build"
_SDK = re.compile(r"alibabacloud-(cdn|dcdn|vod)\d+==\S+")


class Trees(msgspec.Struct, frozen=True):
    """Everything for one interpreter."""

    target: Target
    artifact: Artifact
    plain: Path
    plain_compiled: Path


def trees() -> Trees:
    """Our artifact made anew, the plain trees once; for PACKAGE_PYTHON, as `make package` takes it."""
    python = os.environ.get("PACKAGE_PYTHON")
    target = find_target(Path(python) if python else None)
    requirements = [line.strip() for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()]
    sdks = [line for line in requirements if _SDK.fullmatch(line)]
    plain = _plain(target, sdks)
    return Trees(target, build(target, _CACHE / "bench-dist"), plain, _compiled(plain, target))


def _plain(target: Target, sdks: Sequence[str]) -> Path:
    digest = hashlib.sha256("\n".join((target.version, *sdks)).encode()).hexdigest()[:16]
    tree = _CACHE / f"plain-{target.version}-{digest}"
    if not tree.is_dir():
        command: list[str | Path] = [
            target.python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-compile",
        ]
        with tempfile.TemporaryDirectory(dir=_CACHE) as scratch:
            fresh = Path(scratch) / "tree"
            subprocess.run([*command, "--target", fresh, *sdks], check=True)  # noqa: S603 -- pip, our own pins
            fresh.rename(tree)
    return tree


def _compiled(plain: Path, target: Target) -> Path:
    tree = plain.with_name(f"{plain.name}-compiled")
    if not tree.is_dir():
        with tempfile.TemporaryDirectory(dir=_CACHE) as scratch:
            fresh = Path(scratch) / "tree"
            shutil.copytree(plain, fresh)
            subprocess.run([target.python, "-m", "compileall", "-q", fresh], check=True)  # noqa: S603 -- the interpreter's own compiler
            fresh.rename(tree)
    return tree
