"""Start-up and graceful shutdown of the app (ASGI lifespan)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from functions import tracing
from functions.api.interfaces import Resident, Watchable


class Lifecycle:
    """Ends waits and closes the service, each at its time."""

    def __init__(self, service: object) -> None:
        """A service that holds nothing needs no closing."""
        self._service = service
        self.stopping = False

    def end_waits(self) -> None:
        """Finish all open waits and streams now: they come back, to this instance or another."""
        if isinstance(self._service, Watchable):
            self._service.end_waits()

    def begin_shutdown(self) -> None:
        """The process was told to end: nobody can wait any more."""
        self.stopping = True
        if isinstance(self._service, Watchable):
            self._service.close_waits()

    @contextlib.asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """What ASGI servers call."""
        try:
            yield
        finally:
            self.begin_shutdown()
            if isinstance(self._service, Resident):
                await self._service.close()
            await asyncio.to_thread(tracing.flush)
