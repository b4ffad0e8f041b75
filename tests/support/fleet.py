"""Several instances of the real service over the emulator, in one process, that share a real Redis server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from emulator.testing import Emulator
from functions.settings import read_settings
from functions.tasks.service import TaskService, build_service
from functions.upstream.credentials import CredentialSource
from tests.support.real_service import KEY, environment_of


@asynccontextmanager
async def fleet_of(count: int, emu: Emulator, url: str | None, **settings: Any) -> AsyncIterator[list[TaskService]]:
    """So many instances; with `url` None each stands for itself."""
    shared = {} if url is None else {"shared": url}
    environment = environment_of(emu, instances=count, **shared, **settings)
    services = [build_service(read_settings(environment), CredentialSource(KEY)) for _ in range(count)]
    try:
        yield services
    finally:
        for service in services:
            await service.close()
