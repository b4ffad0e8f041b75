"""Recorded vendor samples, by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "vendor"


def sample(name: str) -> Any:
    """The body in `tests/vendor/<name>.json`."""
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
