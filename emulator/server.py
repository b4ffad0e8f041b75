"""The socket side: connections, one request at a time on each, answers played as their scripts say."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import Protocol

from emulator.delivery import Ending, Piece, Script, whole
from emulator.http1 import BadRequestError, Reply, Request, RequestReader
from emulator.notifications.background import Background

log = logging.getLogger("emulator")
LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends RST instead of FIN."""
NOBODY_CLAIMS_IT = Reply(
    404, b'{"Code":"InvalidApi.NotFound","Message":"Nothing here answers this; see /_emulator/health."}'
)


class Door(Protocol):
    """A service that answers some of the requests: the products' gateway, OSS, the control door."""

    def claims(self, request: Request) -> bool:
        """Whether this door answers `request`."""

    def answer(self, request: Request, connection: int) -> Script:
        """How it is answered. Quick and never blocking: it runs on the loop; waiting is the script's business."""


class Server:
    """Listens, and knows its connections. To be used on one event loop."""

    def __init__(self, doors: Sequence[Door], background: Background) -> None:
        """The first door that claims a request answers it; `background` runs as long as the server."""
        self._doors = doors
        self._background = background
        self._connections: set[_Connection] = set()
        self._numbers = itertools.count(1)
        self._listening: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port (a free one for 0). Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(lambda: _Connection(self), host, port, backlog=1024)
        self._background.start()
        return int(self._listening.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listen no longer, drop every connection, end what runs in the background."""
        if self._listening is not None:
            self._listening.close()
        self.drop_connections()
        await self._background.end()
        # One more turn of the loop, so that dropped connections close their sockets.
        await asyncio.sleep(0)

    def drop_connections(self) -> int:
        """Close every open connection now; how many there were."""
        dropped = list(self._connections)
        for connection in dropped:
            connection.abort()
        return len(dropped)

    def script_for(self, request: Request, connection: int) -> Script:
        """How `request` is answered; a defect of the emulator's own is a 500 and a line in the log."""
        try:
            door = next((door for door in self._doors if door.claims(request)), None)
            return whole(NOBODY_CLAIMS_IT) if door is None else door.answer(request, connection)
        except Exception:
            log.exception("%s %s could not be answered", request.method, request.path)
            return whole(Reply(500, b'{"Code":"EmulatorDefect","Message":"See the log of the emulator."}'))

    def joined(self, connection: _Connection) -> int:
        """A new connection's number."""
        self._connections.add(connection)
        return next(self._numbers)

    def left(self, connection: _Connection) -> None:
        """A connection is no more."""
        self._connections.discard(connection)


class _Connection(asyncio.Protocol):
    """One TCP connection: reads requests, plays scripts."""

    _transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        self._server = server
        self._reader = RequestReader()
        self._pieces: Iterator[Piece] | None = None
        self._ending = Ending.KEEP
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 -- create_server makes no others; for the type checker
        self._transport = transport
        self._number = self._server.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._server.left(self)
        self._pieces = None
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        self._advance()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if self._timer is None:
            self._play()

    def abort(self) -> None:
        self._transport.abort()

    def _advance(self) -> None:
        """Take up the next request, unless one is still being answered."""
        if self._pieces is not None or self._transport.is_closing():
            return
        try:
            request = self._reader.next_request()
        except BadRequestError as fault:
            self._begin(Script((Piece(_bad_request(fault)),), Ending.CLOSE))
            return
        if request is not None:
            script = self._server.script_for(request, self._number)
            self._begin(script, keep_alive=request.keeps_alive)
        elif self._reader.expects_continue():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _begin(self, script: Script, *, keep_alive: bool = True) -> None:
        self._pieces = iter(script.pieces)
        self._ending = Ending.CLOSE if script.ending is Ending.KEEP and not keep_alive else script.ending
        self._play()

    def _play(self) -> None:
        """Send pieces until one has to wait, the client does not read, or there are no more."""
        while self._pieces is not None and not self._paused and not self._transport.is_closing():
            piece = next(self._pieces, None)
            if piece is None:
                self._end()
                return
            if piece.pause > 0:
                self._timer = asyncio.get_running_loop().call_later(piece.pause, self._send_later, piece)
                return
            self._transport.write(piece.data)

    def _send_later(self, piece: Piece) -> None:
        self._timer = None
        self._transport.write(piece.data)
        self._play()

    def _end(self) -> None:
        if self._ending is Ending.HANG:
            return
        self._pieces = None
        if self._ending is Ending.RESET:
            raw: socket.socket = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            self._transport.abort()
        elif self._ending is Ending.CLOSE:
            self._transport.close()
        else:
            self._advance()


def _bad_request(fault: BadRequestError) -> bytes:
    reply = Reply(400, str(fault).encode(), "text/plain", {"connection": "close"})
    return reply.head() + reply.body
