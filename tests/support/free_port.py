"""Ports for processes that must be told theirs before they listen."""

from __future__ import annotations

import itertools
import os
import socket

_LOWEST, _COUNT = 20_000, 12_000
"""Below 32768, where Linux takes the ports of outgoing connections from: none of those can get in between."""
_candidates = itertools.count(os.getpid() * 50)
"""Processes that look for ports at the same time begin at different places."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens to; each call gives another."""
    while True:
        port = _LOWEST + next(_candidates) % _COUNT
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
