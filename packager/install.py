"""The locked requirements, unpacked for the target whatever machine this is: no Docker, nothing unhashed."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from packager.target import Target

PLATFORMS = (*(f"manylinux_2_{minor}_x86_64" for minor in (28, 27, 26, 24, 17, 12, 5)), "manylinux2014_x86_64")
"""What glibc 2.31 of Debian 11 runs, newest first; held at 2.28 so that Debian 10 runtimes can load it as well."""


def install(lock: Path, target: Target, cache: Path) -> Path:
    """The folder with every package of `lock`, made once per lock and target. Raises CalledProcessError from pip."""
    site = cache / f"site-{target.version}-{_digest(lock, target)}"
    if not site.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            fresh = Path(scratch) / "site"
            _pip_install(lock, target, fresh)
            _refuse_foreign_binaries(fresh, target)
            fresh.rename(site)
    return site


def _digest(lock: Path, target: Target) -> str:
    recipe = "\n".join((lock.read_text("utf-8"), target.version, *PLATFORMS))
    return hashlib.sha256(recipe.encode()).hexdigest()[:16]


def _pip_install(lock: Path, target: Target, site: Path) -> None:
    """`--no-deps`: the lock is complete, and only so does pip build the one sdist here that has no wheel.

    That is alibabacloud-tea, pure Python: its wheel is the same whichever interpreter builds it. It is built with what
    requirements-build.lock pins, for pip would fetch the newest setuptools, whose hash nobody has seen.
    """
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-compile", "--no-build-isolation", "--require-hashes"]
    command += ["--requirement", str(lock), "--target", str(site)]
    command += ["--implementation", "cp", "--python-version", target.version, *platforms]
    subprocess.run(command, check=True)  # noqa: S603 -- pip, with arguments of our own


def _refuse_foreign_binaries(site: Path, target: Target) -> None:
    """An sdist with C code would be built for this machine's interpreter without a word."""
    tags = (f".cpython-{target.version.replace('.', '')}-x86_64-", ".abi3.")
    foreign = [path.name for path in site.rglob("*.so") if not any(tag in path.name for tag in tags)]
    if foreign:
        raise SystemExit(f"package: built for another interpreter than {target.version}: {', '.join(foreign)}")
