"""Recorded samples by name; see tests/samples/README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent.parent / "samples"
EVENTS = SAMPLES / "events"


def vendor_sample(name: str) -> Any:
    """The body in `tests/samples/vendor/<name>.json`, parsed."""
    return json.loads((SAMPLES / "vendor" / f"{name}.json").read_text("utf-8"))


def stored_sample(name: str) -> bytes:
    """The document in `tests/samples/store/<name>.json`, as a store holds it."""
    return (SAMPLES / "store" / f"{name}.json").read_bytes()


def event_sample(name: str) -> bytes:
    """The event in `tests/samples/events/<name>.json`, as it is delivered."""
    return (EVENTS / f"{name}.json").read_bytes()
