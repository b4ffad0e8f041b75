"""Finds what code, configuration and prose cite, and what of it is not there.

A citation is `docs/<file>.md`, alone or followed by sections: numbers such as 7.6, or quoted headings, joined by ",",
"and" or "-". It may go on in the next line of a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_SECTION = r'(?:\d+(?:\.\d+)*|"[^"\n]+")'
_CITATION = re.compile(
    rf"docs/(?P<name>[a-z-]+)\.md(?P<sections>(?:,? {_SECTION}(?:(?:, and |, | and |-){_SECTION})*)?)"
)
_CONTINUED = re.compile(r"\n[ \t]*(?:#|//|\*)?[ \t]*")
_HEADING = re.compile(r"^#{2,6} (?:(?P<number>\d+(?:\.\d+)*)\.? )?(?P<title>.+?)\s*$", re.MULTILINE)
_ABSENT = re.compile(
    r"\bfacts(?:,? (?:part )?\d|, notes)|\bdesign part\b|\bthe issue(?:'s)?\b|\bissue \"", re.IGNORECASE
)
"""Documents that a reader of the repository does not have."""
_CODE = re.compile(r"^(?P<fence>```|~~~).*?^(?P=fence)|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_SUFFIXES = frozenset(
    {".py", ".js", ".mjs", ".ts", ".css", ".html", ".md", ".toml", ".yaml", ".yml", ".txt", ".tf", ".sh"}
)
_NAMES = frozenset({"Makefile", "bootstrap", ".env.example", "tools", "run"})
_NOT_OURS = frozenset({"node_modules", "__pycache__", "build", "dist", "artefacts"})


def texts(root: Path) -> Iterator[Path]:
    """Our own text files below `root`; of hidden folders only `.ci` and `.github`."""
    for path in sorted(root.iterdir()):
        if path.is_dir():
            hidden = path.name.startswith(".") and path.name not in {".ci", ".github"}
            if not hidden and path.name not in _NOT_OURS:
                yield from texts(path)
        elif path.suffix in _SUFFIXES or path.name in _NAMES:
            yield path


def faults(text: str, root: Path) -> Iterator[str]:
    """What `text` cites and `root` does not have, one line each."""
    joined = _CONTINUED.sub(" ", text)
    yield from (f"cites a document that is not here: {found[0]}" for found in _ABSENT.finditer(joined))
    for citation in _CITATION.finditer(joined):
        document = root / "docs" / f"{citation['name']}.md"
        if not document.is_file():
            yield f"no such document: {citation[0]}"
            continue
        known = sections_of(document.read_text("utf-8"))
        for section in re.findall(_SECTION, citation["sections"]):
            if section.strip('"') not in known:
                yield f"no such section: docs/{citation['name']}.md {section}"


def sections_of(markdown: str) -> frozenset[str]:
    """Numbers and titles of the headings below the first level."""
    headings = [(found["number"], found["title"]) for found in _HEADING.finditer(_without_fences(markdown))]
    return frozenset(word for heading in headings for word in heading if word)


def broken_links(document: Path) -> Iterator[str]:
    """Relative links of a Markdown file that lead nowhere."""
    text = _CODE.sub("", document.read_text("utf-8"))
    for link in _LINK.finditer(text):
        target, _, anchor = link["target"].partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        found = (document.parent / target) if target else document
        if not found.exists():
            yield f"no such file: {link['target']}"
        elif anchor and found.suffix == ".md" and anchor not in _anchors(found.read_text("utf-8")):
            yield f"no such heading: {link['target']}"


def _anchors(markdown: str) -> frozenset[str]:
    """As GitHub makes them from headings."""
    titles = re.findall(r"^#{1,6} (.+?)\s*$", _without_fences(markdown), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles)


def _without_fences(markdown: str) -> str:
    return re.sub(r"^(```|~~~).*?^\1", "", markdown, flags=re.MULTILINE | re.DOTALL)
