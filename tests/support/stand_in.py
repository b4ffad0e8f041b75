"""A vendor that misbehaves as told: one port of 127.0.0.1 for each misbehaviour, so that calls need not say which.

It knows nothing of the vendor's API and shares no code with the emulator.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

Reply = Callable[["Exchange"], Awaitable[None]]
_DRIP_SECONDS = 0.02
_TURNS = 10
"""More turns of the loop than anything takes that does not wait."""


class Exchange:
    """One request that was read, to be answered."""

    def __init__(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = head
        self.reader = reader
        self.writer = writer

    async def send(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))
        await self.writer.drain()

    async def until_client_leaves(self) -> None:
        await self.reader.read()

    def reset(self) -> None:
        """Close with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


def http(status: int, body: bytes, *headers: str, length: int | None = None) -> bytes:
    """An answer's bytes; `length` lies about the body's."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def raw(data: bytes, *, then_close: bool = False) -> Reply:
    async def reply(exchange: Exchange) -> None:
        await exchange.send(data)
        if then_close:
            exchange.writer.close()

    return reply


def body(value: Any, status: int = 200) -> Reply:
    """A JSON body; half a surrogate pair in it stays what it is."""
    return raw(http(status, json.dumps(value).encode(), "Content-Type: application/json"))


def text(content: str, status: int = 200) -> Reply:
    return raw(http(status, content.encode(), "Content-Type: text/html"))


def error(code: str, status: int = 400) -> Reply:
    """An error body that repeats the whole request, credentials and signature included."""

    async def reply(exchange: Exchange) -> None:
        told = {"Code": code, "Message": f"you sent {exchange.head}", "RequestId": "R\ud800\n"}
        await exchange.send(http(status, json.dumps(told).encode(), "Content-Type: application/json"))

    return reply


def told_apart(header: str, reply: Reply, otherwise: Reply) -> Reply:
    """Requests with this header (`name: value`) are answered by `reply`, all others by `otherwise`."""

    async def choose(exchange: Exchange) -> None:
        has = header.lower() in exchange.head.lower().split("\r\n")
        await (reply if has else otherwise)(exchange)

    return choose


async def hang(exchange: Exchange) -> None:
    await exchange.until_client_leaves()


async def close(exchange: Exchange) -> None:
    exchange.writer.close()


async def reset(exchange: Exchange) -> None:
    exchange.reset()


async def reset_in_the_middle(exchange: Exchange) -> None:
    await exchange.send(http(200, b'{"RequestId"', length=1_000))
    await asyncio.sleep(_DRIP_SECONDS)
    exchange.reset()


def drip(data: bytes) -> Reply:
    """One byte at a time, for as long as somebody listens."""

    async def reply(exchange: Exchange) -> None:
        with suppress(ConnectionError):
            for byte in data * 1_000:
                await exchange.send(bytes([byte]))
                await asyncio.sleep(_DRIP_SECONDS)

    return reply


class StandIn:
    """The running server."""

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
        self.open_connections = 0
        self._handlers: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(
        self, replies: Mapping[str, Reply], tls: ssl.SSLContext | None, stop: asyncio.Event, ready: threading.Event
    ) -> None:
        servers = []
        for name, reply in replies.items():
            server = await asyncio.start_server(self._handler(reply), "127.0.0.1", 0, ssl=tls)
            self.ports[name] = server.sockets[0].getsockname()[1]
            servers.append(server)
        ready.set()
        await stop.wait()
        await _turns()  # a connection that is just being accepted outlives its closed server
        for server in servers:
            server.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await _turns()  # and one that was closed has let go of its socket

    def _handler(self, reply: Reply) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.open_connections += 1
            task = asyncio.current_task()
            assert task is not None
            self._handlers.add(task)
            self._writers.append(writer)
            try:
                while not writer.is_closing():
                    await reply(Exchange(await _read_request(reader), reader, writer))
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                self.open_connections -= 1
                self._handlers.discard(task)
                writer.close()

        return handle


async def _turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


async def _read_request(reader: asyncio.StreamReader) -> str:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lengths = [line.partition(":")[2] for line in head.splitlines() if line.lower().startswith("content-length:")]
    await reader.readexactly(int(lengths[0]) if lengths else 0)
    return head


@contextmanager
def standing_in(replies: Mapping[str, Reply], tls: ssl.SSLContext | None = None) -> Iterator[StandIn]:
    """The server, in a thread of its own; `ports` has one port for each reply."""
    stand_in = StandIn()
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    serving = stand_in.serve(replies, tls, stop, ready)
    thread = threading.Thread(target=lambda: loop.run_until_complete(serving), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield stand_in
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
