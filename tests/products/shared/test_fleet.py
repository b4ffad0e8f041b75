"""Instances that share a server answer as one: over the real service, SDKs, sockets and a real redis-server."""

from __future__ import annotations

import asyncio

import pytest

from emulator.demo.redis_server import RedisServer
from emulator.testing import Emulator, Transition
from tests.support.fleet import fleet_of
from tests.support.real_service import query_of

BY_ID = "DescribeRefreshTaskById"
MOVING = Transition(by="seconds", length=3_600)


pytestmark = pytest.mark.usefixtures("patient")


def test_what_one_instance_learned_serves_all_and_their_versions_are_equal(emu: Emulator, redis: RedisServer) -> None:
    task_id = emu.tasks.add("cdn", ["http://example.com/a"], age=120, transition=MOVING)

    async def main() -> set[str]:
        async with fleet_of(4, emu, redis.url, fresh_seconds=60) as services:
            answers = [await service.lookup(query_of(f"cdn:{task_id}")) for service in services]
        return {answer.report.version for answer in answers}

    assert len(asyncio.run(main())) == 1
    assert emu.calls.count(BY_ID) == 1


def test_ids_wanted_by_different_instances_at_once_ride_in_one_call(emu: Emulator, redis: RedisServer) -> None:
    ids = [emu.tasks.add("cdn", ["http://example.com/a"], age=120, transition=MOVING) for _ in range(8)]

    async def main() -> int:
        async with fleet_of(4, emu, redis.url) as services:
            answers = await asyncio.gather(
                *(services[number % 4].lookup(query_of(f"cdn:{task_id}")) for number, task_id in enumerate(ids))
            )
        return sum(len(answer.report.tasks) for answer in answers)

    assert asyncio.run(main()) == len(ids)
    assert emu.calls.count(BY_ID) < len(ids) / 2
