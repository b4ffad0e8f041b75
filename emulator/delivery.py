"""How an answer travels: pieces of bytes with pauses between them, and what becomes of the connection after."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

import msgspec

from emulator.http1 import Reply


class Ending(Enum):
    """What happens to the connection once the last piece is sent."""

    KEEP = auto()
    """It stays open for the next request."""
    CLOSE = auto()
    """It is closed in order (FIN)."""
    RESET = auto()
    """It is torn down (RST)."""
    HANG = auto()
    """It stays open and nothing more is ever said."""


class Piece(msgspec.Struct, frozen=True):
    """Bytes to send, after a pause in seconds."""

    data: bytes
    pause: float = 0.0


class Script(msgspec.Struct, frozen=True):
    """One answer as it is to be played; pieces may be made while they are sent."""

    pieces: Iterable[Piece]
    ending: Ending = Ending.KEEP


def whole(reply: Reply, delay: float = 0.0) -> Script:
    """Head and body in one send: two would cost 40 ms a call on keep-alive connections (facts 7.8)."""
    return Script((Piece(reply.head() + reply.body, delay),))
