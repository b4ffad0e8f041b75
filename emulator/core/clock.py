"""The emulator's clock: the system's, or one that a test moves by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The emulator's time in seconds since the epoch."""

    def now(self) -> float:
        """Seconds since the epoch."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()


class ManualClock:
    """A clock that stands still until it is moved; starts at the real time unless told otherwise."""

    def __init__(self, start: float | None = None) -> None:
        """`start` in seconds since the epoch."""
        self._now = time.time() if start is None else start

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`; tasks, sliding windows and the quotas' day follow at the next call."""
        self._now += seconds


def rfc3339(epoch: float) -> str:
    """`yyyy-MM-ddTHH:mm:ssZ`, the vendor's form, cut to the whole second."""
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
