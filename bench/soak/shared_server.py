"""A Redis server that is stopped for five seconds, and one that is killed, while three instances share it.

The bars: no poll fails, the vendor throttles nothing, and the instances act as one again afterwards. The instances and
the vendor are processes of their own.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

import msgspec

from bench.account import account, busiest_second
from bench.cases.instances import Shape, fleet
from bench.processes import helper
from bench.viewers import Audience, Impression
from emulator.demo.redis_server import RedisServer, running_redis

INSTANCES, VIEWERS, SECONDS = 3, 60, 30
BEFORE_SECONDS, AWAY_SECONDS = 5.0, 5.0
LIMIT = 30


async def stopped(redis: RedisServer) -> None:
    """SIGSTOP: connections stay open, and nothing is answered."""
    redis.pause()
    await asyncio.sleep(AWAY_SECONDS)
    redis.resume()


async def killed(redis: RedisServer) -> None:
    """It comes back empty."""
    redis.kill()
    await asyncio.sleep(AWAY_SECONDS)
    await asyncio.to_thread(redis.start)


async def harm_of(incident: Callable[[RedisServer], Awaitable[None]]) -> int:
    """How many polls failed and calls were throttled around an incident."""
    with account() as vendor, running_redis() as redis:
        ids = [f"cdn:{task_id}" for task_id in vendor.add_many("cdn", VIEWERS, moving=True)]
        async with fleet(vendor, Shape(instances=INSTANCES, redis=redis.url)) as servers:
            vendor.forget()
            audience = Audience(addresses=[server.address for server in servers], questions=ids, seconds=SECONDS)
            watching = asyncio.create_task(helper("bench.viewers", audience))
            await asyncio.sleep(BEFORE_SECONDS)
            await incident(redis)
            met = msgspec.json.decode(await watching, type=Impression)
        calls = vendor.calls()
    throttled, busiest = sum(call.throttled for call in calls), busiest_second(calls)
    print(
        f"{incident.__name__}: {met.polls} polls, {met.failed} failed; {throttled} calls throttled, busiest second"
        f" {busiest}; oldest answer {met.ages[2]:.1f} s"
    )
    return met.failed + throttled + max(busiest - LIMIT, 0)


async def main() -> int:
    """Exit code 1 when a bar is missed."""
    harm = [await harm_of(incident) for incident in (stopped, killed)]
    return int(any(harm))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
