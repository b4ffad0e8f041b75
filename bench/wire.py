"""As little HTTP client as measures a server: one keep-alive connection, nothing computed that need not be."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import msgspec

_HEAD_LIMIT = 64 * 1024


class Reply(msgspec.Struct, frozen=True):
    """Status and body."""

    status: int
    body: bytes


class Connection:
    """One connection to the server at `host:port`; one request at a time."""

    def __init__(self, address: str, token: str | None = None) -> None:
        """Not connected yet: use as a context. `token` is sent with every request."""
        self._authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        self._host, _, port = address.partition(":")
        self._port = int(port)

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=_HEAD_LIMIT)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def get(self, path: str) -> Reply:
        """One GET. Raises OSError or EOFError when the connection breaks."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n{self._authorization}\r\n".encode())
        return await self._reply()

    async def post(self, path: str, body: object) -> Reply:
        """One POST of JSON."""
        content = msgspec.json.encode(body)
        head = f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\n{self._authorization}Content-Type: application/json\r\n"
        self._writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        return await self._reply()

    async def stream(self, path: str, body: object) -> Reply:
        """Begin an event stream: its status and first bytes; it stays open until the connection is closed."""
        content = msgspec.json.encode(body)
        head = f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\n{self._authorization}Accept: text/event-stream\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        self._writer.write(head.encode() + content)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        return Reply(int(answer[9:12]), await self._reader.read(_HEAD_LIMIT))

    async def drain(self) -> int:
        """Read what comes until the connection ends; how many bytes there were."""
        count = 0
        while part := await self._reader.read(_HEAD_LIMIT):
            count += len(part)
        return count

    async def _reply(self) -> Reply:
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        return Reply(int(head[9:12]), await self._reader.readexactly(int(length or b"0")))
