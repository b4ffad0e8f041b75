"""Every citation and every relative link of the repository resolves."""

from __future__ import annotations

from pathlib import Path

from tests.support.citations import broken_links, faults, texts

ROOT = Path(__file__).parents[2]
CHECKER = (ROOT / "tests" / "docs", ROOT / "tests" / "support" / "citations.py")
"""These hold wrong citations on purpose."""


def test_every_citation_names_a_section_that_is_there() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {fault}"
        for path in texts(ROOT)
        if not any(path.is_relative_to(own) for own in CHECKER)
        for fault in faults(path.read_text("utf-8"), ROOT)
    ]
    assert wrong == []


def test_every_relative_link_leads_somewhere() -> None:
    documents = [path for path in texts(ROOT) if path.suffix == ".md"]
    wrong = [f"{path.relative_to(ROOT)}: {fault}" for path in documents for fault in broken_links(path)]
    assert wrong == []
