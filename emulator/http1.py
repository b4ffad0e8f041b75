"""Just enough HTTP/1.1: bytes in, requests out; replies to bytes.

Own code instead of a server library, because the emulator must also send what no library lets through: half a head, a
wrong length, a reset in the middle. Requests are read strictly; what is not understood ends the connection with a 400.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import unquote

import msgspec

from emulator.errors import NO_HEADERS

MAX_HEAD_BYTES = 8 * 1024 * 1024
"""DCDN and VOD take 1,000 URLs of up to 1,024 characters in the query string (facts 2)."""
MAX_BODY_BYTES = 16 * 1024 * 1024
JSON_TYPE = "application/json;charset=utf-8"
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class Request(msgspec.Struct, frozen=True):
    """One request; header names in lower case, `query` as it stood in the target."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def keeps_alive(self) -> bool:
        """Whether the client will use the connection again."""
        return self.headers.get("connection", "").lower() != "close"


class Reply(msgspec.Struct, frozen=True):
    """One answer; `code` is the vendor's error code in it, for the call log.

    `length` is the content length of the answer to a HEAD, which has no body of its own.
    """

    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = NO_HEADERS
    code: str = ""
    length: int | None = None

    def head(self) -> bytes:
        """Status line and headers, up to and with the empty line."""
        lines = [
            f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Unknown')}",
            f"content-type: {self.content_type}",
            f"content-length: {len(self.body) if self.length is None else self.length}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class BadRequestError(Exception):
    """Raised when the bytes are no HTTP/1.1 request that this server takes."""


class RequestReader:
    """Collects bytes until a request is whole."""

    def __init__(self) -> None:
        """At the start of a connection."""
        self._buffer = bytearray()
        self._searched = 0
        self._head: tuple[str, str, dict[str, str]] | None = None
        self._missing = 0

    def feed(self, data: bytes) -> None:
        """Take bytes as they arrive."""
        self._buffer += data

    def next_request(self) -> Request | None:
        """The next whole request, or None until more has arrived. Raises BadRequestError."""
        if self._head is None and not self._read_head():
            return None
        if self._head is None or len(self._buffer) < self._missing:
            return None
        method, target, headers = self._head
        body = bytes(self._buffer[: self._missing])
        del self._buffer[: self._missing]
        self._head, self._searched = None, 0
        path, _, query = target.partition("?")
        return Request(method, unquote(path) or "/", query, headers, body)

    def expects_continue(self) -> bool:
        """Whether the client waits for `100 Continue` before it sends the body (curl does, for large ones)."""
        return self._head is not None and self._head[2].pop("expect", "").lower() == "100-continue"

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n", max(0, self._searched - 3))
        self._searched = len(self._buffer)
        if max(end, 0 if end >= 0 else self._searched) > MAX_HEAD_BYTES:
            raise BadRequestError("the head is too large")
        if end < 0:
            return False
        self._head = _parsed_head(self._buffer[:end].decode("latin-1"))
        del self._buffer[: end + 4]
        self._missing = _body_length(self._head[2])
        return True


def _parsed_head(head: str) -> tuple[str, str, dict[str, str]]:
    request_line, *lines = head.split("\r\n")
    words = request_line.split(" ")
    if len(words) != 3 or words[2] not in {"HTTP/1.1", "HTTP/1.0"}:  # noqa: PLR2004 -- method, target, version
        raise BadRequestError("the request line is not understood")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequestError("a header line has no colon")
        headers[name.lower()] = value.strip()
    return words[0], words[1], headers


def _body_length(headers: Mapping[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise BadRequestError("no SDK sends chunked bodies, and neither should you")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        raise BadRequestError("the content length is not usable")
    return int(length)
