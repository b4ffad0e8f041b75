"""Just enough HTTP/1.1: bytes in, requests out.

Own code instead of a server library, because the emulator must also send what no library lets through: half a head, a
wrong length, a reset in the middle. Requests are parsed strictly; what is malformed ends the connection with a 400.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

import msgspec

MAX_HEAD_BYTES = 8 * 1024 * 1024
"""DCDN and VOD take 1,000 URLs of up to 1,024 characters in the query string (docs/vendor.md 2)."""
MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_CHUNK_HEADER_BYTES = 1_024
_WORDS_IN_REQUEST_LINE = 3


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


class BadRequestError(Exception):
    """Raised when the bytes are no HTTP/1.1 request; `request` is its head, where that much could be read."""

    def __init__(self, message: str, request: Request | None = None) -> None:
        """`message` is for the client."""
        super().__init__(message)
        self.request = request


class RequestParser:
    """Collects bytes until a request is whole."""

    def __init__(self) -> None:
        """At the start of a connection."""
        self._buffer = bytearray()
        self._searched = 0
        self._head: Request | None = None
        self._body: _SizedBody | _ChunkedBody | None = None

    def feed(self, data: bytes) -> None:
        """Take bytes as they arrive."""
        self._buffer += data

    def next_request(self) -> Request | None:
        """The next whole request, or None until more has arrived. Raises BadRequestError."""
        if self._head is None and not self._read_head():
            return None
        head = self._head
        try:
            if head is None or (body := self._read_body(head)) is None:
                return None
        except ValueError as error:
            raise BadRequestError(str(error), head) from None
        self._head, self._body, self._searched = None, None, 0
        return msgspec.structs.replace(head, body=body)

    def expects_continue(self) -> bool:
        """Whether the client waits for `100 Continue` before it sends the body (curl does, for large ones)."""
        return self._head is not None and self._head.headers.pop("expect", "").lower() == "100-continue"

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n", max(0, self._searched - 3))
        self._searched = len(self._buffer)
        if max(end, 0 if end >= 0 else self._searched) > MAX_HEAD_BYTES:
            raise BadRequestError("the head is too large")
        if end < 0:
            return False
        self._head = _parse_head(self._buffer[:end].decode("latin-1"))
        del self._buffer[: end + 4]
        return True

    def _read_body(self, head: Request) -> bytes | None:
        if self._body is None:
            self._body = _body_reader(head.headers)
        return self._body.read(self._buffer)


class _SizedBody:
    """A body of as many bytes as Content-Length says."""

    def __init__(self, size: int) -> None:
        self._size = size

    def read(self, buffer: bytearray) -> bytes | None:
        """The body, once `buffer` holds all of it; it is then removed from there."""
        if len(buffer) < self._size:
            return None
        body = bytes(buffer[: self._size])
        del buffer[: self._size]
        return body


class _ChunkedBody:
    """A body in chunks, each after its size in hex, to the empty one (RFC 9112, 7.1). Trailers are dropped."""

    def __init__(self) -> None:
        self._body = bytearray()
        self._at_trailers = False

    def read(self, buffer: bytearray) -> bytes | None:
        """The body, once its end has arrived. Raises ValueError for what is no chunk, or too much of them."""
        while (end := buffer.find(b"\r\n")) >= 0:
            line = bytes(buffer[:end])
            if self._at_trailers:
                del buffer[: end + 2]
                if not line:
                    return bytes(self._body)
                continue
            size = _chunk_size(line)
            if len(self._body) + size > MAX_BODY_BYTES:
                raise ValueError("the body is too large")
            after = end + 2 + size
            if size and len(buffer) < after + 2:
                return None
            self._take(buffer, end + 2, after)
        if len(buffer) > MAX_CHUNK_HEADER_BYTES:
            raise ValueError("a chunk does not begin with its size")
        return None

    def _take(self, buffer: bytearray, start: int, end: int) -> None:
        self._body += buffer[start:end]
        self._at_trailers = start == end
        if not self._at_trailers:
            if buffer[end : end + 2] != b"\r\n":
                raise ValueError("a chunk is not as long as it says")
            end += 2
        del buffer[:end]


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):  # noqa: PLR2004 -- 32 bits
        raise ValueError("a chunk does not begin with its size")
    return int(digits, 16)


def _body_reader(headers: Mapping[str, str]) -> _SizedBody | _ChunkedBody:
    coding = headers.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked" or "content-length" in headers:
            raise ValueError("the transfer encoding is not usable")
        return _ChunkedBody()
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdecimal()) or int(length) > MAX_BODY_BYTES:
        raise ValueError("the content length is not usable")
    return _SizedBody(int(length))


def _parse_head(head: str) -> Request:
    request_line, *lines = head.split("\r\n")
    words = request_line.split(" ")
    if len(words) != _WORDS_IN_REQUEST_LINE or words[2] not in {"HTTP/1.1", "HTTP/1.0"}:
        raise BadRequestError("the request line is not understood")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequestError("a header line has no colon")
        headers[name.lower()] = value.strip()
    path, _, query = words[1].partition("?")
    return Request(words[0], unquote(path) or "/", query, headers, b"")
