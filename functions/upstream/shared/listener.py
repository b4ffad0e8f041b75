"""Hears what other instances tell over the shared server. A message that is missed costs time, never an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from redis.exceptions import RedisError

from functions.upstream.shared.server import SharedServer

Hear = Callable[[bytes], None]


class Listener:
    """One connection for all channels of an instance. It only listens: a frozen instance loses nothing by it."""

    def __init__(self, server: SharedServer) -> None:
        """Nothing is connected yet."""
        self._server = server
        self._hearers: dict[str, Hear] = {}
        self._listening: asyncio.Task[None] | None = None

    def add(self, channel: str, hear: Hear) -> None:
        """Call `hear` with every message of the channel, from the next `start` on."""
        self._hearers[channel] = hear

    def start(self) -> None:
        """Listen, if that is not so already."""
        if (self._listening is None or self._listening.done()) and not self._server.is_away:
            self._listening = asyncio.create_task(self._listen())

    def drop(self) -> None:
        """The connection is dead; the next `start` makes another."""
        if self._listening is not None:
            self._listening.cancel()

    async def stop(self) -> None:
        """Listen no longer."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
            self._listening = None

    async def _listen(self) -> None:
        connection = self._server.listener()
        try:
            await connection.subscribe(*self._hearers)
            async for message in connection.listen():
                hear = self._hearers.get(message["channel"].decode())
                if hear is not None:
                    hear(message["data"])
        except (RedisError, OSError):
            return  # started again by the next request
        finally:
            await connection.aclose()  # type: ignore[no-untyped-call]
