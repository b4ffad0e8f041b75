"""Whatever befalls the server: no poll fails, the vendor never throttles, and instances find together again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from redis import Redis

from emulator.demo.redis_server import RedisServer
from emulator.testing import Emulator, Transition
from functions.tasks.service import TaskService
from tests.support.fleet import fleet_of
from tests.support.real_service import query_of

BY_ID = "DescribeRefreshTaskById"
MOVING = Transition(by="seconds", length=3_600)
VIEWERS = 20
ENOUGH = 60


class Polls:
    """Viewers who poll every instance; a failed poll raises."""

    def __init__(self, services: list[TaskService], ids: list[str]) -> None:
        self.answered = 0
        self._tasks = [asyncio.create_task(self._view(services[at % len(services)], ids[at])) for at in range(len(ids))]

    async def _view(self, service: TaskService, task_id: str) -> None:
        while True:
            answer = await service.lookup(query_of(f"cdn:{task_id}"))
            assert [task.id for task in answer.report.tasks] == [f"cdn:{task_id}"]
            self.answered += 1
            await asyncio.sleep(0.3)

    async def more(self, polls: int = ENOUGH) -> None:
        """Wait for so many polls from now on. Raises what a poll raised."""
        goal = self.answered + polls
        for _ in range(10_000):
            for failed in (task for task in self._tasks if task.done()):
                failed.result()
            if self.answered >= goal:
                return
            await asyncio.sleep(0.05)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _killed(redis: RedisServer, polls: Polls) -> None:
    redis.kill()
    await polls.more()
    await asyncio.to_thread(redis.start)


async def _stopped(redis: RedisServer, polls: Polls) -> None:
    redis.pause()
    await polls.more()
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
        await polls.more()
        client.config_set("maxmemory", 0)


async def _read_only(redis: RedisServer, polls: Polls) -> None:
    with Redis(port=redis.port) as client:
        client.replicaof("127.0.0.1", redis.port)
        await polls.more()
        client.replicaof("NO", "ONE")


@pytest.mark.parametrize("incident", [_killed, _stopped, _replaced, _emptied, _full, _read_only])
def test_no_poll_fails_and_nothing_is_throttled(
    emu: Emulator, redis: RedisServer, incident: Callable[[RedisServer, Polls], Awaitable[None]]
) -> None:
    ids = [emu.tasks.add("cdn", ["http://example.com/x"], age=120, transition=MOVING) for _ in range(VIEWERS)]

    async def main() -> None:
        async with fleet_of(3, emu, redis.url, quota_share=1) as services:
            polls = Polls(services, ids)
            try:
                await polls.more()
                await incident(redis, polls)
                await polls.more(4 * ENOUGH)
            finally:
                await polls.end()

    asyncio.run(main())
    assert {call.code for call in emu.calls.of(BY_ID)} == {""}
    assert emu.calls.busiest_second(BY_ID) <= 30
    with Redis(port=redis.port) as client:
        assert client.exists("{cdn-task-status::cdn}:" + BY_ID + ":rate"), "they have found together again"
