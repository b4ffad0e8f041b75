"""What the documents name is there: files, classes, and one version."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from functions.environment import PREFIX
from functions.settings import read_settings

ROOT = Path(__file__).parents[2]
ARCHITECTURE = ("docs/architecture.md", "docs/adding-a-product.md", "CONTRIBUTING.md")


@pytest.mark.parametrize("document", ARCHITECTURE)
def test_every_file_and_folder_named_is_there(document: str) -> None:
    """Paths in backticks, from the root or from `functions/`."""
    prose = re.sub(r"^```.*?^```", "", (ROOT / document).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    named = re.findall(r"`([\w.-]+/[\w./-]*|[\w.-]+\.(?:py|toml|yaml|md))`", prose)
    missing = [path for path in named if not ((ROOT / path).exists() or (ROOT / "functions" / path).exists())]
    assert named
    assert missing == []


def test_every_class_of_the_glossary_is_there() -> None:
    ours = (ROOT / "docs" / "glossary.md").read_text("utf-8").partition("\n## Asking\n")[2]
    words = re.findall(r"^\| ([^|]+) \|", ours, re.MULTILINE)
    classes = {word for cell in words for word in cell.strip().split(", ") if re.fullmatch(r"([A-Z][a-z]+){2,}", word)}
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "functions").rglob("*.py"))
    assert classes
    assert sorted(name for name in classes if not re.search(rf"^class {name}\b", code, re.MULTILINE)) == []


class RecordingEnvironment(Mapping[str, str]):
    """An empty environment that knows what it was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_the_contract_lists_the_settings_that_are_read() -> None:
    environment = RecordingEnvironment()
    read_settings(environment)
    contract = (ROOT / "docs" / "contract.md").read_text("utf-8")
    table = contract.partition("\n## 10. Settings\n")[2].partition("\n## ")[0]
    listed = {
        name
        for cell in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
        for name in re.findall(r"`([A-Z_]+)`", cell)
    }
    assert listed == {name.removeprefix(PREFIX) for name in environment.asked if name.startswith(PREFIX)}


def test_there_is_one_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    released = re.findall(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    command = (ROOT / "cli/src/cdn_task_status_cli/__init__.py").read_text("utf-8")
    assert released[0] == version
    assert f'__version__ = "{version}"' in command
