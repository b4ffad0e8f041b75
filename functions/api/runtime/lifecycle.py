"""From the port's opening to its closing."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from functions.api.protocols import Resident, Watchable


class Lifecycle:
    """Closes the service once, whoever says first that it is over: the platform's pre-stop hook, or a signal."""

    def __init__(self, service: object) -> None:
        """A service that holds nothing needs no closing."""
        self._resident = service if isinstance(service, Resident) else None
        self._watchable = service if isinstance(service, Watchable) else None

    def let_go(self) -> None:
        """Send away those who wait, before connections are waited for: they come back to another instance."""
        if self._watchable:
            self._watchable.let_go()

    async def stop(self) -> None:
        """Close the service; a second call does nothing."""
        self.let_go()
        resident, self._resident = self._resident, None
        if resident:
            await resident.close()

    @contextlib.asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """What ASGI servers call."""
        try:
            yield
        finally:
            await self.stop()
