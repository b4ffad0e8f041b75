"""HTTP responses, and how they travel: chunks of bytes with pauses between them, then the fate of the connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from enum import Enum, auto
from http import HTTPStatus

import msgspec

from emulator.core.errors import NO_HEADERS

JSON_TYPE = "application/json;charset=utf-8"
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class Response(msgspec.Struct, frozen=True):
    """One response; `code` is the vendor's error code in it, for the call log.

    `length` is the content length of the answer to a HEAD, which has no body of its own. `final` makes the response
    that is sent in place of this one, where something has to be awaited first; it may raise ApiError.
    """

    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = NO_HEADERS
    code: str = ""
    length: int | None = None
    final: Callable[[], Awaitable[Response]] | None = None

    def head(self) -> bytes:
        """Status line and headers, up to and with the empty line."""
        lines = [
            f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Unknown')}",
            f"content-type: {self.content_type}",
            f"content-length: {len(self.body) if self.length is None else self.length}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class AfterSend(Enum):
    """What happens to the connection once the last chunk is sent."""

    KEEP = auto()
    """It stays open for the next request."""
    CLOSE = auto()
    """It is closed in order (FIN)."""
    RESET = auto()
    """It is torn down (RST)."""
    HANG = auto()
    """It stays open and nothing more is ever sent."""


class Chunk(msgspec.Struct, frozen=True):
    """Bytes to send, after a pause in seconds."""

    data: bytes
    pause: float = 0.0


class Transmission(msgspec.Struct, frozen=True):
    """How one response is sent; chunks may be made while they are sent."""

    chunks: Iterable[Chunk]
    after: AfterSend = AfterSend.KEEP


def transmit(response: Response, delay: float = 0.0) -> Transmission:
    """Head and body in one send: two would cost 40 ms a call on keep-alive connections (docs/vendor.md 7.8)."""
    return Transmission((Chunk(response.head() + response.body, delay),))
