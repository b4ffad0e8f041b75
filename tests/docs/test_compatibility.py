"""What docs/compatibility.md says the tests run with is what they run with."""

from __future__ import annotations

import json
import re
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("tests/clients", "tests/web", "tests/emulator/node", "tests/deploy/node")
REQUIREMENTS = ("requirements.txt", "requirements-esa.txt", "requirements-dev.txt", "tests/emulator/requirements.txt")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in (ROOT / "docs" / "compatibility.md").read_text("utf-8").splitlines()[6:]
]


def pins() -> dict[str, str]:
    """The version of each package that the tests install."""
    manifests = (json.loads((ROOT / folder / "package.json").read_text("utf-8")) for folder in PACKAGES)
    npm = chain.from_iterable(manifest["devDependencies"].items() for manifest in manifests)
    texts = "\n".join((ROOT / name).read_text("utf-8") for name in REQUIREMENTS)
    return {name: version.rpartition("@")[2] for name, version in npm} | dict(
        re.findall(r"^([\w-]+)==(\S+)", texts, re.MULTILINE)
    )


def test_versions_are_those_that_are_installed() -> None:
    pinned = pins()
    named = 0
    for tool, versions, *_ in ROWS:
        names = re.findall(r"`([^`]+)`", tool)
        if names and names[0] in pinned:
            assert [pinned[name] for name in names] == versions.split(", "), tool
            named += len(names)
    assert named > 15


def test_every_test_named_exists() -> None:
    named = [path for *_, by in ROWS for path in re.findall(r"`((?:tests|\.ci)/[^`]+)`", by)]
    assert len(named) > 15
    assert [path for path in named if not (ROOT / path).exists()] == []
