"""The limiter over real processes and a real server: no sliding second holds more calls than the vendor allows."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from redis import Redis

from emulator.demo.redis_server import RedisServer, running_redis
from functions.products.cdn import CDN
from functions.upstream.shared.limiter import SharedLimiter
from functions.upstream.shared.server import SharedServer
from tests.support.limiter_process import Callers, busiest_second, callers

RATE = 24


@asynccontextmanager
async def instances(url: str, count: int = 1, rate: float = RATE) -> AsyncIterator[list[SharedLimiter]]:
    servers = [SharedServer(url, "test") for _ in range(count)]
    try:
        yield [SharedLimiter(server, CDN.lookup.operation, rate, rate / 2) for server in servers]
    finally:
        for server in servers:
            await server.close()


def client_of(server: RedisServer) -> Redis:
    return Redis(port=server.port)


async def until(holds: Callable[[], bool]) -> None:
    """The test's own timeout ends it."""
    for _ in itertools.count():
        if holds():
            return
        await asyncio.sleep(0.01)


def test_eight_processes_together_never_exceed_the_rate_and_all_are_served(redis: RedisServer) -> None:
    with callers(8, redis.url, RATE, RATE / 8, calls=12) as processes:
        arrivals = processes.arrivals()
    assert len(arrivals) == 8 * 12
    assert busiest_second(arrivals) <= RATE


def _until_alone(processes: Callers) -> None:
    began = time.monotonic()
    processes.until(lambda arrivals: sum(each.at > began and each.alone for each in arrivals) > RATE)


def _stop(redis: RedisServer, processes: Callers) -> None:
    redis.pause()
    _until_alone(processes)
    redis.resume()


def _replace_at_once(redis: RedisServer, _: Callers) -> None:
    redis.kill()
    redis.start()


def _replace_later(redis: RedisServer, processes: Callers) -> None:
    redis.kill()
    _until_alone(processes)
    redis.start()


def _flush(redis: RedisServer, _: Callers) -> None:
    with client_of(redis) as client:
        client.flushall()


@pytest.mark.parametrize("incident", [_stop, _replace_at_once, _replace_later, _flush])
def test_nothing_that_befalls_the_server_lets_a_second_hold_more(
    redis: RedisServer, incident: Callable[[RedisServer, Callers], None]
) -> None:
    with callers(4, redis.url, RATE, RATE / 4) as processes:
        processes.until(lambda arrivals: len(arrivals) > RATE)
        incident(redis, processes)
        ended = time.monotonic()
        processes.until(lambda arrivals: sum(each.at > ended and not each.alone for each in arrivals) > 3 * RATE)
        processes.kill()
        arrivals = processes.arrivals()
    assert busiest_second(arrivals) <= RATE


def test_permits_of_a_killed_process_come_back(redis: RedisServer) -> None:
    with callers(4, redis.url, 4, 1) as processes:
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
        async with instances(redis.url, 3, rate=2) as limiters:

            async def queue(number: int) -> None:
                permit = await limiters[number % 3].acquire()
                served.append(number)
                permit.answered()

            def standing() -> int:
                with client_of(redis) as client:
                    return int(client.zcard(limiters[0].keys[2]))

            (await limiters[0].acquire()).unused()
            waiting: list[asyncio.Task[None]] = []
            for number in range(8):
                waiting.append(asyncio.create_task(queue(number)))
                await until(lambda: len(served) + standing() == len(waiting))
            await asyncio.gather(*waiting)
        return served

    served = asyncio.run(main())
    assert [number // 2 for number in served] == [number // 2 for number in sorted(served)]


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

        async def main() -> bool:
            async with instances(url) as (limiter,):
                (await limiter.acquire()).answered()
                return not limiter.server.is_away

        assert asyncio.run(main()) is works
    assert "top-secret-word" not in caplog.text


def test_it_runs_on_a_cluster_because_what_a_script_uses_is_in_one_slot() -> None:
    with running_redis("--cluster-enabled", "yes") as redis:
        with client_of(redis) as client:
            client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            while client.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
                time.sleep(0.01)

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
