"""The checker of citations finds wrong ones, and leaves right ones alone. Its planted citations are not ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.citations import broken_links, faults, texts

GUIDE = """# Guide

## 7. The SDK

### 7.6 Exceptions

```sh
## 9. not a heading
```

## Event stream
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "guide.md").write_text(GUIDE, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "see docs/guide.md",
        "(docs/guide.md 7.6)",
        "docs/guide.md 7, 7.6 and more",
        "docs/guide.md 7-7.6",
        'docs/guide.md "Event stream"',
        'docs/guide.md, "Event stream"',
        'docs/guide.md 7.6 and "Event stream".',
        "# as it stands in docs/guide.md\n    # 7.6, where it is told",
    ],
)
def test_a_right_citation_passes(root: Path, text: str) -> None:
    assert list(faults(text, root)) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("docs/manual.md", "no such document: docs/manual.md"),
        ("docs/guide.md 7.7", "no such section: docs/guide.md 7.7"),
        ("docs/guide.md 9", "no such section: docs/guide.md 9"),
        ("docs/guide.md 7, 8.1", "no such section: docs/guide.md 8.1"),
        ("docs/guide.md 7-8", "no such section: docs/guide.md 8"),
        ("docs/guide.md 7 and 8", "no such section: docs/guide.md 8"),
        ('docs/guide.md "Streams"', 'no such section: docs/guide.md "Streams"'),
        ("# docs/guide.md\n# 7.7", "no such section: docs/guide.md 7.7"),
        ("why: facts 7.6", "cites a document that is not here: facts 7"),
        ("FC facts\n  # 2", "cites a document that is not here: facts 2"),
        ("facts part 4", "cites a document that is not here: facts part 4"),
        ("Design part 4", "cites a document that is not here: Design part"),
        ("the issue's figures", "cites a document that is not here: the issue's"),
    ],
)
def test_a_wrong_citation_is_found(root: Path, text: str, fault: str) -> None:
    assert list(faults(text, root)) == [fault]


def test_words_that_cite_nothing_pass(root: Path) -> None:
    assert list(faults("the issuer's key; the facts of a fault; open an issue", root)) == []


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("[a](docs/guide.md)", None),
        ("[a](docs/guide.md#76-exceptions)", None),
        ("[a](#readme)", None),
        ("[a](https://example.com/nowhere)", None),
        ("`[a](nowhere.md)`", None),
        ("[a](nowhere.md)", "no such file: nowhere.md"),
        ("[a](docs/guide.md#streams)", "no such heading: docs/guide.md#streams"),
    ],
)
def test_a_relative_link_leads_somewhere(root: Path, link: str, fault: str | None) -> None:
    readme = root / "README.md"
    readme.write_text(f"# Readme\n\n{link}\n", "utf-8")
    assert list(broken_links(readme)) == ([fault] if fault else [])


def test_what_is_not_ours_is_not_read(root: Path) -> None:
    for name in ("node_modules/a.js", ".venv/a.py", ".ci/run", "functions/a.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    assert [str(path.relative_to(root)) for path in texts(root)] == [".ci/run", "docs/guide.md", "functions/a.py"]
