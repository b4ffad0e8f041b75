"""The READMEs say the same, and what they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ENGLISH, CHINESE = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))


def headings(text: str) -> list[int]:
    return [len(mark) for mark in re.findall(r"^(#+) ", without_blocks(text), re.MULTILINE)]


def blocks(text: str) -> list[str]:
    return re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)


def without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def first_cells(text: str) -> list[str]:
    return list(re.findall(r"^\| (`.*?) \|", text, re.MULTILINE))


def test_both_have_the_same_headings_commands_and_tables() -> None:
    assert headings(ENGLISH) == headings(CHINESE)
    assert blocks(ENGLISH) == blocks(CHINESE)
    assert first_cells(ENGLISH) == first_cells(CHINESE)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make (\w+)`", ENGLISH))))
def test_every_make_target_named_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:deploy|functions|emulator)/[\w./-]+)`", ENGLISH))))
def test_every_file_named_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_setting_is_described_and_every_description_is_of_a_setting() -> None:
    source = (ROOT / "functions" / "settings.py").read_text("utf-8")
    table = ENGLISH.split("## Settings")[1].split("##")[0]
    described = set(re.findall(r"`([A-Z_]+)`", "\n".join(first_cells(table))))
    read = set(re.findall(r'read\.\w+\(\s*"([A-Z_]+)"', source)) | set(re.findall(r'PREFIX\}([A-Z_]+)"', source))
    read |= {f"{service}_ENDPOINT" for service in ("CDN", "DCDN", "VOD", "ESA", "OSS", "STS", "EDGE")}
    read |= {f"{group}_QPS" for group in ("CDN_BY_ID", "CDN_LIST", "DCDN_BY_ID", "DCDN_LIST", "VOD", "ESA")}
    assert described == read
