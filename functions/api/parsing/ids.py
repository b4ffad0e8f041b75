"""Task ids as people paste them; functions/web/task-status/ids.js reads the same (tests/web/ids.cases.json)."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
"""Full-width characters -> ASCII."""
_SEPARATORS = re.compile(r"[\s\u200b\ufeff,;\u3001\uff64|\"'\u201c\u201d\u2018\u2019\[\]]+")
"""Blanks, commas (two are Chinese), semicolons, bars, and the quotes and brackets of a JSON array."""


def ids_in(texts: Iterable[str]) -> tuple[str, ...]:
    """The distinct candidates in the order written, products in lower case; each text may hold several."""
    return tuple(dict.fromkeys(part for text in texts for part in _parts(text)))


def _parts(text: str) -> Iterable[str]:
    # Blanks are made one before anything is sought among them: `\s*:` tries each run of blanks from each of its blanks.
    plain = re.sub(" ?: ?", ":", re.sub(r"\s+", " ", text.translate(_NARROW).lower()))
    return (part for part in _SEPARATORS.split(plain) if part)
