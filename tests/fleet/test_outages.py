"""Whatever befalls the server: no poll fails, the vendor never throttles, and instances find together again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack

from redis import Redis

from emulator.demo.redis_server import RedisServer, running_redis
from emulator.testing import Emulator, Transition, running_emulator
from functions.tasks.service import TaskService
from functions.upstream.shared.server import SharedServer
from tests.support.fleet import fleet_of, settle
from tests.support.real_service import query_of

BY_ID = "DescribeRefreshTaskById"
MOVING = Transition(by="seconds", length=3_600)
INSTANCES, VIEWERS = 3, 6
ENOUGH = 4 * VIEWERS
LIMIT = 30


class Polls:
    """Viewers who poll every instance of a fleet; a failed poll raises."""

    def __init__(self, services: list[TaskService], ids: list[str], vendor: Emulator) -> None:
        self._services = services
        self._vendor = vendor
        self._answered = 0
        self._tasks = [asyncio.create_task(self._view(services[at % len(services)], ids[at])) for at in range(len(ids))]

    async def _view(self, service: TaskService, task_id: str) -> None:
        while True:
            answer = await service.lookup(query_of(f"cdn:{task_id}"))
            assert [task.id for task in answer.report.tasks] == [f"cdn:{task_id}"]
            self._answered += 1
            await asyncio.sleep(0.3)

    async def more(self) -> None:
        """Wait for some polls and calls from now on."""
        polls, calls = self._answered + ENOUGH, self._vendor.calls.count(BY_ID) + INSTANCES
        await self._until(lambda: self._answered >= polls and self._vendor.calls.count(BY_ID) >= calls)

    async def more_alone(self) -> None:
        """Wait until each instance is alone, and for some polls and calls then."""
        await self._until(lambda: all(server_of(service).is_given_up for service in self._services))
        await self.more()

    async def more_together(self) -> None:
        """Wait until no instance is alone any more, and for some polls and calls then."""
        await self._until(lambda: not any(server_of(service).is_away for service in self._services))
        await self.more()

    async def _until(self, holds: Callable[[], bool]) -> None:
        """Raises what a poll raised; the test's own timeout ends it."""
        while not holds():
            for failed in (task for task in self._tasks if task.done()):
                failed.result()
            await asyncio.sleep(0.02)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def server_of(service: TaskService) -> SharedServer:
    assert service._fleet
    return service._fleet._server


async def _killed(redis: RedisServer, polls: Polls) -> None:
    redis.kill()
    await polls.more_alone()
    await asyncio.to_thread(redis.start)


async def _stopped(redis: RedisServer, polls: Polls) -> None:
    redis.pause()
    await polls.more_alone()
    redis.resume()


async def _replaced(redis: RedisServer, _: Polls) -> None:
    redis.kill()
    await asyncio.to_thread(redis.start)


async def _emptied(redis: RedisServer, _: Polls) -> None:
    with Redis(port=redis.port) as client:
        client.flushall()


async def _full(redis: RedisServer, polls: Polls) -> None:
    with Redis(port=redis.port) as client:
        client.config_set("maxmemory", 1)
        await polls.more_alone()
        client.config_set("maxmemory", 0)


async def _read_only(redis: RedisServer, polls: Polls) -> None:
    with Redis(port=redis.port) as client:
        client.replicaof("127.0.0.1", redis.port)
        await polls.more_alone()
        client.replicaof("NO", "ONE")


async def _seen_around(incident: Callable[[RedisServer, Polls], Awaitable[None]], emu: Emulator) -> None:
    """Viewers of a fleet and a server of their own, before the incident, during it and afterwards."""
    ids = [emu.tasks.add("cdn", ["http://example.com/x"], age=120, transition=MOVING) for _ in range(VIEWERS)]
    with running_redis() as redis:
        settle(redis.url)
        async with fleet_of(INSTANCES, emu, redis.url, quota_share=1) as services:
            polls = Polls(services, ids, emu)
            try:
                await polls.more()
                await incident(redis, polls)
                await polls.more_together()
            finally:
                await polls.end()


def test_no_poll_fails_and_nothing_is_throttled_and_they_find_together_again() -> None:
    incidents = (_killed, _stopped, _replaced, _emptied, _full, _read_only)

    async def main(vendors: Sequence[Emulator]) -> None:
        await asyncio.gather(*map(_seen_around, incidents, vendors))

    with ExitStack() as stack:
        vendors = [stack.enter_context(running_emulator(samples=False)) for _ in incidents]
        asyncio.run(main(vendors))
        for emu in vendors:
            assert {call.code for call in emu.calls.of(BY_ID)} == {""}
            assert emu.calls.busiest_second(BY_ID) <= LIMIT
