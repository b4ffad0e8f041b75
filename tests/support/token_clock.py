"""The time by which tokens are judged, held still: their lifetimes are then exact, however slow the machine is."""

from __future__ import annotations

from datetime import datetime, tzinfo
from types import SimpleNamespace

import pytest

NOW = 1_795_000_000
"""Where the clock stands, in Unix seconds."""
NEVER = 4_102_444_800
"""2100-01-01: the `exp` of a token that does not expire while a test runs."""


class _HeldDatetime(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> _HeldDatetime:
        return cls.fromtimestamp(NOW, tz)


def hold_token_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both PyJWT and the routes, which end a wait with its token, see NOW."""
    monkeypatch.setattr("jwt.api_jwt.datetime", _HeldDatetime)
    monkeypatch.setattr("functions.api.routes.tasks.time", SimpleNamespace(time=lambda: float(NOW)))
