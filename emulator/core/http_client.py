"""One POST on a connection of its own, over h11: the emulator as Function Compute, calling the function's port."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import h11
import msgspec

CHUNK = 65_536


class InvocationResult(msgspec.Struct, frozen=True):
    """What came back; `status` 0 when nothing did: refused, reset, cut off, or too late."""

    status: int = 0
    fc_status: str = ""
    body: bytes = b""

    @property
    def failed(self) -> bool:
        """Whether Function Compute counts it as failed: not by its HTTP status (docs/function-compute.md 3)."""
        return not self.status or self.fc_status == "404"


async def post(url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> InvocationResult:
    """The answer to a POST of `body` to `url`, given up after `seconds`; never raises for the network's faults."""
    try:
        async with asyncio.timeout(seconds):
            return await _post(url, headers, body)
    except (OSError, TimeoutError, h11.RemoteProtocolError):
        return InvocationResult()


async def _post(url: str, headers: Mapping[str, str], body: bytes) -> InvocationResult:
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port or 80)
    try:
        connection = h11.Connection(h11.CLIENT)
        always = {"host": where.netloc, "content-length": str(len(body)), "connection": "close"}
        request = h11.Request(method="POST", target=where.path or "/", headers=list({**headers, **always}.items()))
        for event in (request, h11.Data(data=body), h11.EndOfMessage()):
            writer.write(connection.send(event) or b"")
        return await _answer(reader, connection)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader, connection: h11.Connection) -> InvocationResult:
    status, fc_status, body = 0, "", b""
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(CHUNK))
        elif isinstance(event, h11.Response):
            status = event.status_code
            fc_status = dict(event.headers).get(b"x-fc-status", b"").decode("latin-1")
        elif isinstance(event, h11.Data):
            body += event.data
    return InvocationResult(status, fc_status, body)
