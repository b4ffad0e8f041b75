"""Every proof that docs/security.md names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_every_test_that_the_security_page_names_is_there() -> None:
    named = re.findall(
        r"`((?:[a-z]+/)*(?:test_\w+|conftest)\.py|[a-z/]+\.test\.mjs)`", (ROOT / "docs/security.md").read_text("utf-8")
    )
    assert len(named) > 20
    assert [path for path in named if not (ROOT / "tests" / path).is_file()] == []
