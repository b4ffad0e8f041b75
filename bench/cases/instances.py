"""Several instances of the web function over one account, with a Redis server that they share, or without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from bench.account import Account
from bench.cases.effort import lookup
from bench.processes import Server, environment, web_function
from bench.wire import Connection
from emulator.demo.redis_server import RedisServer


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """How many instances, the share of the account's calls they may make, and the server they share, if any."""

    instances: int
    redis: str | None = None
    quota_share: float = 1.0


@asynccontextmanager
async def fleet(vendor: Account, shape: Shape) -> AsyncIterator[list[Server]]:
    """The instances, each of which has been asked once: SDKs are imported, connections open."""
    shared = {} if shape.redis is None else {"shared": shape.redis}
    environ = environment(
        vendor.address, quota_share=shape.quota_share, instances=shape.instances, log_level="WARNING", **shared
    )
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(web_function(environ)) for _ in range(shape.instances)]
        for server in servers:
            async with Connection(server.address) as connection:
                await lookup(connection, [f"cdn:{vendor.add('cdn')}"])
        yield servers


async def cut(killed: RedisServer | None, seconds: float) -> None:
    """Kill the server in the middle of so many seconds, and start it again, empty, before they are over."""
    if killed is not None:
        await _later(seconds / 3, killed.kill)
        await _later(seconds / 3, killed.start)


async def _later(seconds: float, action: Callable[[], None]) -> None:
    await asyncio.sleep(seconds)
    await asyncio.to_thread(action)
