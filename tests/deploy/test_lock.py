from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from functions.products.registry import OPTIONAL_PRODUCTS
from packager.build import ROOT, Artifact
from packager.install import install

INSTALLED = ("requirements-build", "requirements")
LOCKS = (*INSTALLED, *(f"requirements-{name}" for name in (*OPTIONAL_PRODUCTS, "otel")))
PIN = re.compile(r"^([a-z0-9-]+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)
LOCK = (ROOT / "requirements.lock").read_text("utf-8")


def locked(text: str) -> dict[str, str]:
    """Versions by name."""
    return {match[1]: match[2] for match in PIN.finditer(text)}


LOCKED = locked(LOCK)


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_is_a_pin_with_hashes(name: str) -> None:
    lock = (ROOT / f"{name}.lock").read_text("utf-8")
    lines = {line for line in lock.splitlines() if re.match(r"\S", line) and not line.startswith("#")}
    assert lines == {f"{name}=={version} \\" for name, version in locked(lock).items()}
    assert "://" not in lock
    assert "index-url" not in lock


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_in_step_with_the_requirements(name: str) -> None:
    lock = locked((ROOT / f"{name}.lock").read_text("utf-8"))
    wanted = [Requirement(line) for line in _lines(f"{name}.txt")]
    pins = [f"{canonicalize_name(each.name)}{each.specifier}" for each in wanted]
    assert pins == [f"{canonicalize_name(each.name)}=={lock.get(canonicalize_name(each.name))}" for each in wanted]


def _lines(name: str) -> list[str]:
    """The requirements in a file and in those that it takes in."""
    lines = [line for line in (ROOT / name).read_text("utf-8").splitlines() if line and not line.startswith("#")]
    taken_in = [_lines(line.removeprefix("-r ")) if line.startswith("-r ") else [line] for line in lines]
    return [line for each in taken_in for line in each]


@pytest.mark.parametrize("name", OPTIONAL_PRODUCTS)
def test_an_extra_s_lock_is_the_usual_one_with_the_product_s_sdk(name: str) -> None:
    extra = locked((ROOT / f"requirements-{name}.lock").read_text("utf-8"))
    assert {package: extra.get(package) for package in LOCKED} == LOCKED
    assert len(extra) == len(LOCKED) + 1


@pytest.mark.parametrize("target", ["demo", "serve", "package", "validate", "token"])
def test_what_runs_is_installed_by_hash_and_built_by_what_is_locked(target: str, tmp_path: Path) -> None:
    """What would be done on a fresh clone. Without --no-build-isolation pip fetches the newest setuptools, unseen."""
    command = ["make", "--dry-run", target, f"VENV={tmp_path / 'venv'}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    installations = [line for line in done.stdout.splitlines() if "pip" in line]
    assert len(installations) == len(INSTALLED)
    assert all("--require-hashes" in line for line in installations)
    assert "--no-build-isolation" in installations[1]


def test_the_lock_holds_all_that_its_packages_require(artifact: Artifact) -> None:
    site = install(ROOT / "requirements.lock", artifact.target, ROOT / "build")
    installed = list(distributions(path=[str(site)]))
    assert {canonicalize_name(each.name) for each in installed} == set(LOCKED)
    missing = {f"{each.name} needs {name}" for each in installed for name in _required_by(each) if name not in LOCKED}
    assert missing == set()


def _required_by(distribution: Distribution) -> set[str]:
    requirements = [Requirement(line) for line in distribution.requires or ()]
    extra = "crypto" if canonicalize_name(distribution.name) == "pyjwt" else ""
    here = {"extra": extra, "python_version": f"{sys.version_info.major}.{sys.version_info.minor}"}
    return {canonicalize_name(each.name) for each in requirements if not each.marker or each.marker.evaluate(here)}


def test_an_installation_is_made_once_per_lock_and_target(artifact: Artifact, tmp_path: Path) -> None:
    site = install(ROOT / "requirements.lock", artifact.target, ROOT / "build")
    changed = tmp_path / "requirements.lock"
    changed.write_text(LOCK, "utf-8")
    assert install(changed, artifact.target, ROOT / "build") == site
