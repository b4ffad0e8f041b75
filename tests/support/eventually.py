"""Waiting until something has happened elsewhere: in another thread, another process, behind a socket."""

from __future__ import annotations

import time
from collections.abc import Callable

GIVE_UP_SECONDS = 60.0
"""No claim about speed: a test that waits this long waits for something that never happens."""


def eventually(happened: Callable[[], object]) -> None:
    """Return once `happened()` is true; raises AssertionError when it never is."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while not happened():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.002)
