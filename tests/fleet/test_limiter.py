"""The limiter over real processes and a real server: no sliding second holds more calls than the vendor allows."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from redis import Redis

from emulator.demo.redis_server import RedisServer, running_redis
from functions.products.cdn import CDN
from functions.upstream.shared.limiter import SharedLimiter
from functions.upstream.shared.server import SharedServer
from tests.support.fleet import cluster_options, settle, until
from tests.support.free_port import free_port
from tests.support.limiter_process import Arrival, busiest_second, callers

RATE = 24
PARALLEL = 4
"""Calls that an instance has under way at a time."""


@asynccontextmanager
async def instances(url: str, count: int = 1, rate: float = RATE) -> AsyncIterator[list[SharedLimiter]]:
    servers = [SharedServer(url, "test") for _ in range(count)]
    try:
        yield [SharedLimiter(server, CDN.lookup.operation, rate, rate / count) for server in servers]
    finally:
        for server in servers:
            await server.close()


def client_of(server: RedisServer) -> Redis:
    return Redis(port=server.port)


def test_eight_processes_together_never_exceed_the_rate_and_all_are_served(redis: RedisServer) -> None:
    with callers(8, redis.url, RATE, RATE / 8, calls=8) as processes:
        arrivals = processes.arrivals()
    assert len(arrivals) == 8 * 8
    assert busiest_second(arrivals) <= RATE


class Calling:
    """Instances that call as often as they may, until they are stopped."""

    def __init__(self, limiters: Sequence[SharedLimiter]) -> None:
        self.arrivals: list[Arrival] = []
        self._tasks = [asyncio.create_task(self._call(limiter)) for limiter in limiters for _ in range(PARALLEL)]

    async def _call(self, limiter: SharedLimiter) -> None:
        while True:
            permit = await limiter.acquire()
            await asyncio.sleep(random.uniform(0.001, 0.05))
            self.arrivals.append(Arrival(time.monotonic(), limiter.server.is_away))
            await asyncio.sleep(random.uniform(0.001, 0.05))
            permit.answered()

    async def more(self, calls: int, *, alone: bool) -> None:
        """Wait for so many further calls of instances that are alone, or that are not."""
        before = len(self.arrivals)
        await until(lambda: sum(each.alone is alone for each in self.arrivals[before:]) > calls)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _stop(redis: RedisServer, calling: Calling) -> None:
    redis.pause()
    await calling.more(RATE // 2, alone=True)
    redis.resume()


async def _replace_at_once(redis: RedisServer, _: Calling) -> None:
    redis.kill()
    await asyncio.to_thread(redis.start)


async def _replace_later(redis: RedisServer, calling: Calling) -> None:
    redis.kill()
    await calling.more(RATE // 2, alone=True)
    await asyncio.to_thread(redis.start)


async def _flush(redis: RedisServer, _: Calling) -> None:
    with client_of(redis) as client:
        client.flushall()


async def _arrivals_around(incident: Callable[[RedisServer, Calling], Awaitable[None]]) -> list[Arrival]:
    with running_redis() as redis:
        settle(redis.url)
        async with instances(redis.url, 4) as limiters:
            calling = Calling(limiters)
            await calling.more(RATE, alone=False)
            await incident(redis, calling)
            await calling.more(2 * RATE, alone=False)
            await calling.stop()
    return calling.arrivals


def test_nothing_that_befalls_the_server_lets_a_second_hold_more() -> None:
    async def main() -> list[list[Arrival]]:
        return await asyncio.gather(*map(_arrivals_around, (_stop, _replace_at_once, _replace_later, _flush)))

    assert max(map(busiest_second, asyncio.run(main()))) <= RATE


def test_permits_of_a_killed_process_come_back(redis: RedisServer) -> None:
    with callers(2, redis.url, 4, 2) as processes:
        processes.until(lambda arrivals: len(arrivals) > 4)
        processes.kill()
        processes.arrivals()

    async def last() -> None:
        async with instances(redis.url, rate=4) as (limiter,):
            for _ in range(4):
                await limiter.acquire()

    asyncio.run(last())


def test_waiters_of_different_instances_are_served_first_come_first_served(redis: RedisServer) -> None:
    async def main() -> list[int]:
        served: list[int] = []
        async with instances(redis.url, 3, rate=4) as limiters:

            async def queue(number: int) -> None:
                permit = await limiters[number % 3].acquire()
                served.append(number)
                permit.answered()

            def standing() -> int:
                with client_of(redis) as client:
                    return int(client.zcard(limiters[0].keys[2]))

            (await limiters[0].acquire()).unused()
            waiting: list[asyncio.Task[None]] = []
            for number in range(12):
                waiting.append(asyncio.create_task(queue(number)))
                await until(lambda: len(served) + standing() == len(waiting))
            await asyncio.gather(*waiting)
        return served

    served = asyncio.run(main())
    assert [number // 4 for number in served] == [number // 4 for number in sorted(served)], "by windows"


def test_one_instance_that_is_throttled_slows_all(redis: RedisServer) -> None:
    async def main() -> tuple[float, float]:
        async with instances(redis.url, 2) as (first, second):
            (await second.acquire()).unused()
            before = second.rate
            first.throttled()
            await asyncio.sleep(0.1)
            (await second.acquire()).unused()
            return before, second.rate

    before, after = asyncio.run(main())
    assert before == RATE
    assert after < RATE


@pytest.mark.parametrize(
    ("user", "works"), [("fleet:top-secret-word", True), ("fleet:wrong-top-secret", False), ("", False)]
)
def test_a_user_with_narrow_rights_is_enough_and_a_wrong_password_leaves_the_instance_alone(
    caplog: pytest.LogCaptureFixture, user: str, works: bool
) -> None:
    rights = (
        "fleet",
        "on",
        ">top-secret-word",
        "~{test:*",
        "&{test:*",
        "-@all",
        "+@scripting",
        "+@sortedset",
        "+@hash",
        "+get",
        "+mget",
        "+getrange",
        "+set",
        "+del",
        "+time",
        "+publish",
        "+subscribe",
        "+unsubscribe",
    )
    with running_redis("--user", "default", "off", "--user", *rights) as redis:
        url = redis.url.replace("//", f"//{user}@" if user else "//")
        if works:
            settle(url)

        async def main() -> bool:
            async with instances(url) as (limiter,):
                (await limiter.acquire()).answered()
                return not limiter.server.is_away

        assert asyncio.run(main()) is works
    assert "top-secret-word" not in caplog.text


def test_it_runs_on_a_cluster_because_what_a_script_uses_is_in_one_slot() -> None:
    with running_redis(*cluster_options(free_port())) as redis:
        with client_of(redis) as client:
            client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            while client.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
                time.sleep(0.01)
        settle(redis.url)

        async def main() -> bool:
            async with instances(redis.url) as (limiter,):
                permit = await limiter.acquire()
                limiter.throttled()
                permit.answered()
                await asyncio.sleep(0.1)
                return not limiter.server.is_away

        assert asyncio.run(main())


def test_what_is_given_back_last_is_told_before_the_end_and_nothing_begins_after_it(redis: RedisServer) -> None:
    async def main() -> int:
        async with instances(redis.url) as (limiter,):
            await limiter.acquire()
            (await limiter.acquire()).unused()
            late = await limiter.acquire()
        late.answered()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        with client_of(redis) as client:
            return len(client.zrange(limiter.keys[1], 0, -1))

    assert asyncio.run(main()) == 2
