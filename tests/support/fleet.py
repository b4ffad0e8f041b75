"""Several instances of the real service over the emulator, in one process, that share a real Redis server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from redis import Redis
from redis.exceptions import NoPermissionError

from emulator.testing import Emulator
from functions.products.registry import SPECS
from functions.settings import read_settings
from functions.tasks.query import LookupQuery, Scope
from functions.tasks.service import TaskService
from functions.tasks.wiring import build_service
from functions.upstream.credentials import CredentialSource
from tests.support.real_service import KEY, environment_of, query_of


@asynccontextmanager
async def fleet_of(count: int, emu: Emulator, url: str, **settings: Any) -> AsyncIterator[list[TaskService]]:
    """So many instances."""
    environment = environment_of(emu, instances=count, shared=url, **settings)
    services = [build_service(read_settings(environment), CredentialSource(KEY)) for _ in range(count)]
    try:
        yield services
    finally:
        for service in services:
            await service.close()


def cluster_options(bus: int) -> tuple[str, ...]:
    """Of a server that is a node of a cluster; by default its bus would be 10,000 ports up, where there may be none."""
    return ("--cluster-enabled", "yes", "--cluster-port", str(bus))


async def until(holds: Callable[[], bool]) -> None:
    """The test's own timeout ends it."""
    while not holds():  # noqa: ASYNC110 -- other processes do what it waits for
        await asyncio.sleep(0.01)


def settle(url: str) -> None:
    """Let a new server know that nothing was sent lately: nobody waits as where it may have lost what it knew."""
    with Redis.from_url(url) as client:
        for namespace in ("cdn-task-status:", "test"):
            for spec in SPECS.values():
                key = f"{{{namespace}:{spec.name}}}:{spec.lookup.operation.action}:rate"
                with suppress(NoPermissionError):
                    client.hset(key, mapping={"share": 1, "recovered_at": 0, "blocked_until": 0})


def asked_by(scope: Scope, text: str) -> LookupQuery:
    """A lookup of comma-separated ids by a caller with that scope."""
    return msgspec.structs.replace(query_of(text), scope=scope)
