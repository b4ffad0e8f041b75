"""One request to an edge or an origin, and as much of the answer as a comparison needs.

Why not by the session that calls the vendor: the address must be the very one that was judged, the path must go out as
the caller wrote it, and bodies are only read for a digest.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
from collections.abc import Mapping, Sequence
from functools import cache

import httptools
import msgspec

from functions.checks.address import AddressRefused, Resolve, public_addresses
from functions.checks.report import Fault
from functions.checks.site import Target

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 1024 * 1024
"""Of a body; the rest of a larger one is not read."""
_CHUNK_BYTES = 64 * 1024
_FIRST_FINAL_STATUS = 200
_ENDED_BY = ("content-length", "transfer-encoding")
"""Headers that tell where a body ends; without them it does with the connection."""


class Digest(msgspec.Struct, frozen=True):
    """The SHA-256 of the first `size` bytes of a body; `whole`: there are no more."""

    sha256: str
    size: int
    whole: bool


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A status with its headers (names in lower case) and, of a GET, the body's digest; or a fault."""

    status: int = 0
    headers: Mapping[str, str] = {}
    body: Digest | None = None
    fault: Fault | None = None


class Requester:
    """Asks targets."""

    def __init__(self, resolve: Resolve) -> None:
        """`resolve` is asked once for each request."""
        self._resolve = resolve

    async def ask(self, target: Target, method: str, path: str, deadline: float) -> Answer:
        """The answer to one request, redirects included as they are. Raises nothing; `deadline` is by the loop."""
        try:
            async with asyncio.timeout_at(deadline):
                return await self._ask(target, method, path)
        except AddressRefused:
            return Answer(fault=Fault.ADDRESS_REFUSED)
        except TimeoutError:
            return Answer(fault=Fault.TIMEOUT)
        except (ssl.SSLError, ssl.CertificateError):
            return Answer(fault=Fault.CERTIFICATE)
        except OSError:
            return Answer(fault=Fault.UNREACHABLE)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, _Unreadable):
            return Answer(fault=Fault.MALFORMED)

    async def _ask(self, target: Target, method: str, path: str) -> Answer:
        addresses = await self._addresses(target)
        if not addresses:
            return Answer(fault=Fault.NAME_UNKNOWN)
        reader, writer = await _connected(target, addresses)
        try:
            writer.write(_request(target, method, path))
            return await _Reading(reader).answer(with_body=method != "HEAD")
        finally:
            # Closed hard: an orderly end of TLS would wait for the other side.
            writer.transport.abort()

    async def _addresses(self, target: Target) -> Sequence[str]:
        if target.address is not None:
            return [target.host]
        try:
            return await public_addresses(target.host, target.port, self._resolve)
        except (OSError, UnicodeError):
            return []


async def _connected(target: Target, addresses: Sequence[str]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first address that takes one. Raises OSError."""
    trust, name = (_trust(), target.server_name) if target.tls else (None, None)
    *others, last = addresses
    for address in others:
        try:
            return await asyncio.open_connection(address, target.port, ssl=trust, server_hostname=name)
        except ssl.SSLError:
            raise
        except OSError:
            continue
    return await asyncio.open_connection(last, target.port, ssl=trust, server_hostname=name)


@cache
def _trust() -> ssl.SSLContext:
    import certifi  # noqa: PLC0415 -- loaded only where something is checked

    return ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where())


def _request(target: Target, method: str, path: str) -> bytes:
    lines = (
        f"{method} {path} HTTP/1.1",
        f"Host: {target.host_header}",
        "User-Agent: cdn-task-status",
        "Accept: */*",
        # What is compressed on its way has other bytes, another length and often another ETag.
        "Accept-Encoding: identity",
        "Connection: close",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


class _Unreadable(Exception):  # noqa: N818 -- it says what happened
    """Raised for an answer that ends too early or has too many headers."""


class _Reading:
    """Reads one answer; the methods that begin with `on_` are called by the parser."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, list[str]] = {}
        self._has_head = False
        self._is_over = False
        self._is_cut = False
        self._sha256 = hashlib.sha256()
        self._size = 0
        self._read = 0

    async def answer(self, *, with_body: bool) -> Answer:
        """The answer. Raises OSError, _Unreadable, and httptools' exceptions."""
        while not self._has_head:
            if not await self._more(MAX_HEAD_BYTES):
                raise _Unreadable
        status = self._parser.get_status_code()
        headers = {name: ", ".join(values) for name, values in self._headers.items()}
        return Answer(status=status, headers=headers, body=await self._body(headers) if with_body else None)

    async def _body(self, headers: Mapping[str, str]) -> Digest:
        while not self._is_over and not self._is_cut:
            if not await self._more(2 * MAX_BODY_BYTES):
                if any(name in headers for name in _ENDED_BY):
                    raise _Unreadable
                break
        return Digest(self._sha256.hexdigest(), self._size, whole=not self._is_cut)

    async def _more(self, most: int) -> bool:
        """Whether there was more to read; what surrounds a body, as chunk extensions and trailers do, counts, too."""
        data = await self._reader.read(_CHUNK_BYTES)
        self._read += len(data)
        if self._read > most + _CHUNK_BYTES:
            raise _Unreadable
        self._parser.feed_data(data)
        return bool(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self._has_head = self._parser.get_status_code() >= _FIRST_FINAL_STATUS
        if not self._has_head:
            self._headers.clear()

    def on_body(self, data: bytes) -> None:
        part = data[: MAX_BODY_BYTES - self._size]
        self._is_cut = len(part) < len(data)
        self._sha256.update(part)
        self._size += len(part)

    def on_message_complete(self) -> None:
        self._is_over = self._has_head
