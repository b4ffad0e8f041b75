"""Hands connections to servers in turn: `python -m emulator.demo.round_robin PORT SERVER_PORT…`, all on this host."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterator
from contextlib import suppress

from emulator.demo.ports import HOST

_PIECE = 64 * 1024


async def serve(port: int, servers: Iterator[int]) -> None:
    """Until the process is ended."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            beyond_reader, beyond_writer = await asyncio.open_connection(HOST, next(servers))
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, beyond_writer), _copy(beyond_reader, writer))

    async with await asyncio.start_server(connected, HOST, port) as server:
        await server.serve_forever()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(int(sys.argv[1]), itertools.cycle([int(port) for port in sys.argv[2:]])))
