"""Callers are served in turn over all instances: what one of them wants does not wait for all that another wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from emulator.demo.redis_server import RedisServer
from emulator.testing import Emulator
from functions.products.cdn import CDN
from functions.tasks.query import Scope
from functions.upstream.fair_queue import Lane
from functions.upstream.shared.limiter import SharedLimiter
from functions.upstream.shared.queue import SharedQueue, Want
from functions.upstream.shared.server import SharedServer
from tests.support.fleet import asked_by, fleet_of, until

BY_ID = "DescribeRefreshTaskById"
MANY = 1_000
LAST = f"id{MANY - 1}"

pytestmark = pytest.mark.usefixtures("patient")


@asynccontextmanager
async def queues_of(url: str, count: int) -> AsyncIterator[list[SharedQueue]]:
    servers = [SharedServer(url, "test") for _ in range(count)]
    limiters = [SharedLimiter(server, CDN.lookup.operation, 30, 30) for server in servers]
    try:
        yield [SharedQueue(limiter.server, limiter, CDN.name) for limiter in limiters]
    finally:
        for server in servers:
            await server.close()


def wants_of(caller: str, *members: str, lane: Lane = Lane.NEW) -> list[Want]:
    return [Want(member, lane, 0.0, caller) for member in members]


async def served(queue: SharedQueue, most: int = 10) -> tuple[str, ...]:
    taken = await queue.take(queue.limiter.new_waiter(), most)
    assert taken.permit
    return taken.members


@pytest.mark.parametrize("lane", Lane)
def test_a_member_that_a_caller_with_few_wants_too_moves_to_the_place_that_comes_first(
    redis: RedisServer, lane: Lane
) -> None:
    async def main() -> None:
        async with queues_of(redis.url, 2) as (one, other):
            await one.want(wants_of("rude", *(f"id{number}" for number in range(MANY))))
            await other.want(wants_of("polite", LAST, lane=lane))
            assert LAST in await served(one, 2)
            assert one.sizes.waiting == MANY - 2
            assert LAST not in await served(one, MANY)

    asyncio.run(main())


def test_a_member_keeps_its_place_when_a_caller_with_many_wants_it_too_and_when_it_is_said_again(
    redis: RedisServer,
) -> None:
    async def main() -> None:
        async with queues_of(redis.url, 2) as (one, other):
            await one.want(wants_of("polite", LAST))
            for _ in range(2):
                await other.want(wants_of("rude", *(f"id{number}" for number in range(MANY))))
                await one.want(wants_of("polite", LAST))
            assert LAST in await served(other, 2)

    asyncio.run(main())


@pytest.mark.parametrize("instances", [1, 2], ids=["the same instance", "another instance"])
def test_an_id_that_a_greedy_caller_wants_too_does_not_wait_for_the_greedy_callers_turn(
    emu: Emulator, redis: RedisServer, instances: int
) -> None:
    greedy = ",".join(f"cdn:{number}" for number in range(1_000, 1_000 + MANY))
    wanted = str(1_000 + MANY - 1)

    async def main() -> None:
        async with fleet_of(instances, emu, redis.url) as services:
            asked = asyncio.create_task(services[0].lookup(asked_by(Scope(caller="greedy"), greedy)))
            await until(lambda: emu.calls.count(BY_ID) > 0)
            await services[-1].lookup(asked_by(Scope(caller="polite"), f"cdn:{wanted}"))
            asked.cancel()

    asyncio.run(main())
    (place,) = (place for place, call in enumerate(emu.calls.of(BY_ID)) if wanted in call.params["TaskId"].split(","))
    assert place < MANY / 10 / 2
