from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from packager.build import ROOT, Artifact
from packager.install import install

LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PIN = re.compile(r"^([a-z0-9-]+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)
LOCKED = {match[1]: match[2] for match in PIN.finditer(LOCK)}


def test_every_line_of_the_lock_is_a_pin_with_hashes() -> None:
    lines = {line for line in LOCK.splitlines() if re.match(r"\S", line) and not line.startswith("#")}
    assert lines == {f"{name}=={version} \\" for name, version in LOCKED.items()}


def test_the_lock_names_no_place_to_download_from() -> None:
    assert "://" not in LOCK
    assert "index-url" not in LOCK


def test_the_lock_is_in_step_with_the_requirements() -> None:
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pins = [f"{canonicalize_name(each.name)}{each.specifier}" for each in wanted]
    assert pins == [f"{canonicalize_name(each.name)}=={LOCKED.get(canonicalize_name(each.name))}" for each in wanted]


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
