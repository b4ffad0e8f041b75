"""Sockets: connections, one request at a time on each, responses sent as their transmissions say."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
import struct
from collections.abc import Awaitable, Iterator, Sequence
from typing import Protocol

import msgspec

from emulator.core.background import Background
from emulator.core.http1_parser import BadRequestError, Request, RequestParser
from emulator.core.responses import AfterSend, Chunk, Response, Transmission, transmit

log = logging.getLogger("emulator")
NO_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends RST instead of FIN."""
NOT_FOUND = Response(
    404, b'{"Code":"InvalidApi.NotFound","Message":"Nothing here answers this; see /_emulator/health."}'
)


class Handler(Protocol):
    """A service that answers some of the requests: the task APIs, OSS, the control API."""

    def accepts(self, request: Request) -> bool:
        """Whether `request` is for this service."""

    def handle(self, request: Request, connection: int) -> Transmission | Awaitable[Transmission]:
        """How it is answered. Quick and never blocking: it runs on the loop, and says what has to be awaited."""

    def reject(self, request: Request, message: str) -> Response:
        """The error response to a request of which only the head can be read, in the service's own format."""


class Server:
    """Listens, and knows its connections. To be used on one event loop."""

    def __init__(self, handlers: Sequence[Handler], background: Background) -> None:
        """The first handler that accepts a request answers it; `background` runs as long as the server."""
        self._handlers = handlers
        self.background = background
        self._connections: set[_Connection] = set()
        self._numbers = itertools.count(1)
        self._listener: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port (a free one for 0). Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: _Connection(self), host, port, backlog=1024)
        self.background.start()
        return int(self._listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listen no longer, drop every connection, end what runs in the background."""
        if self._listener is not None:
            self._listener.close()
        self.drop_connections()
        await self.background.end()
        # One more turn of the loop, so that dropped connections close their sockets.
        await asyncio.sleep(0)

    def drop_connections(self) -> int:
        """Close every open connection now; how many there were."""
        dropped = list(self._connections)
        for connection in dropped:
            connection.abort()
        return len(dropped)

    def respond(self, request: Request, connection: int) -> Transmission | Awaitable[Transmission]:
        """How `request` is answered; a defect of the emulator's own is a 500 and a line in the log."""
        try:
            handler = self._handler_for(request)
            return transmit(NOT_FOUND) if handler is None else handler.handle(request, connection)
        except Exception:
            log.exception("%s %s could not be answered", request.method, request.path)
            return transmit(Response(500, b'{"Code":"EmulatorDefect","Message":"See the log of the emulator."}'))

    def reject(self, error: BadRequestError) -> Transmission:
        """The end of a connection whose bytes are no request."""
        handler = None if error.request is None else self._handler_for(error.request)
        if handler is None or error.request is None:
            response = Response(400, str(error).encode(), "text/plain")
        else:
            response = handler.reject(error.request, str(error))
        closing = msgspec.structs.replace(response, headers={**response.headers, "connection": "close"})
        return msgspec.structs.replace(transmit(closing), after=AfterSend.CLOSE)

    def _handler_for(self, request: Request) -> Handler | None:
        return next((handler for handler in self._handlers if handler.accepts(request)), None)

    def connected(self, connection: _Connection) -> int:
        """A new connection's number."""
        self._connections.add(connection)
        return next(self._numbers)

    def disconnected(self, connection: _Connection) -> None:
        """A connection is no more."""
        self._connections.discard(connection)


class _Connection(asyncio.Protocol):
    """One TCP connection: reads requests, sends responses."""

    _transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        self._server = server
        self._parser = RequestParser()
        self._chunks: Iterator[Chunk] | None = None
        self._after = AfterSend.KEEP
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 -- create_server makes no others; for the type checker
        self._transport = transport
        self._number = self._server.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._server.disconnected(self)
        self._chunks = None
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._parser.feed(data)
        self._advance()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if self._timer is None:
            self._send()

    def abort(self) -> None:
        self._transport.abort()

    def _advance(self) -> None:
        """Take up the next request, unless one is still being answered."""
        if self._chunks is not None or self._transport.is_closing():
            return
        try:
            request = self._parser.next_request()
        except BadRequestError as error:
            self._begin(self._server.reject(error))
            return
        if request is not None:
            self._answer(self._server.respond(request, self._number), keep_alive=request.keeps_alive)
        elif self._parser.expects_continue():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _answer(self, transmission: Transmission | Awaitable[Transmission], *, keep_alive: bool) -> None:
        if isinstance(transmission, Transmission):
            self._begin(transmission, keep_alive=keep_alive)
            return
        self._chunks = iter(())  # no other request is taken up meanwhile

        async def begin_later() -> None:
            self._begin(await transmission, keep_alive=keep_alive)

        self._server.background.begin(begin_later)

    def _begin(self, transmission: Transmission, *, keep_alive: bool = True) -> None:
        self._chunks = iter(transmission.chunks)
        self._after = AfterSend.CLOSE if transmission.after is AfterSend.KEEP and not keep_alive else transmission.after
        self._send()

    def _send(self) -> None:
        """Send chunks until one has to wait, the client does not read, or there are no more."""
        while self._chunks is not None and not self._paused and not self._transport.is_closing():
            chunk = next(self._chunks, None)
            if chunk is None:
                self._end()
                return
            if chunk.pause > 0:
                self._timer = asyncio.get_running_loop().call_later(chunk.pause, self._send_later, chunk)
                return
            self._transport.write(chunk.data)

    def _send_later(self, chunk: Chunk) -> None:
        self._timer = None
        self._transport.write(chunk.data)
        self._send()

    def _end(self) -> None:
        if self._after is AfterSend.HANG:
            return
        self._chunks = None
        if self._after is AfterSend.RESET:
            raw: socket.socket = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            self._transport.abort()
        elif self._after is AfterSend.CLOSE:
            self._transport.close()
        else:
            self._advance()
