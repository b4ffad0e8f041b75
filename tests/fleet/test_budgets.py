"""What one caller may use counts over all instances, over a real redis-server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from emulator.demo.redis_server import RedisServer
from functions.model import SystemClock
from functions.products.shared.fleet import RedisFleet
from functions.settings import CallerLimits
from functions.tasks.callers.budget import BudgetExceeded
from functions.tasks.callers.shared_budget import SharedBudgets
from functions.tasks.query import ANONYMOUS, INTERNAL

LIMITS = CallerLimits(waits=3, ids=10, lists_per_minute=4, urls_per_minute=20, urls_per_day=30, checks_per_minute=2)

pytestmark = pytest.mark.usefixtures("patient")


@asynccontextmanager
async def two_instances(redis: RedisServer) -> AsyncIterator[tuple[SharedBudgets, SharedBudgets]]:
    fleets = [RedisFleet(redis.url, None) for _ in range(2)]
    try:
        one, other = (SharedBudgets(LIMITS, SystemClock(), fleet) for fleet in fleets)
        yield one, other
    finally:
        for fleet in fleets:
            await fleet.close()


def test_waits_count_over_all_instances_and_are_free_once_they_end(redis: RedisServer) -> None:
    async def main() -> None:
        async with two_instances(redis) as (one, other):
            async with AsyncExitStack() as stack:
                for number, budgets in enumerate((one, other, one)):
                    await stack.enter_async_context(budgets.lookup("me", number, 1, waits=True))
                with pytest.raises(BudgetExceeded, match="at most 3 open waits"):
                    await stack.enter_async_context(other.lookup("me", "fourth", 1, waits=True))
                await stack.enter_async_context(other.lookup("somebody else", "first", 1, waits=True))
            while True:
                try:
                    async with other.lookup("me", "later", 3, waits=True):
                        return
                except BudgetExceeded as refused:
                    await asyncio.sleep(refused.retry_after)

    asyncio.run(main())


def test_ids_count_over_all_instances(redis: RedisServer) -> None:
    async def main() -> None:
        async with two_instances(redis) as (one, other), one.lookup("me", "a", 6, waits=False):
            with pytest.raises(BudgetExceeded, match="at most 10 ids"):
                async with other.lookup("me", "b", 5, waits=False):
                    pass
            async with other.lookup("me", "c", 4, waits=False):
                pass

    asyncio.run(main())


def test_lists_count_over_all_instances(redis: RedisServer) -> None:
    async def main() -> int:
        async with two_instances(redis) as (one, other):
            for budgets in (one, other, one, other):
                await budgets.charge_list("me")
            with pytest.raises(BudgetExceeded, match="at most 4 lists a minute") as refused:
                await one.charge_list("me")
            await one.charge_list("somebody else")
            return refused.value.retry_after

    assert 1 <= asyncio.run(main()) <= 61


def test_checks_count_over_all_instances(redis: RedisServer) -> None:
    async def main() -> None:
        async with two_instances(redis) as (one, other):
            await one.charge_check("me")
            await other.charge_check("me")
            with pytest.raises(BudgetExceeded, match="at most 2 checks a minute"):
                await one.charge_check("me")

    asyncio.run(main())


def test_urls_count_over_all_instances_all_or_none_and_are_given_back(redis: RedisServer) -> None:
    async def main() -> None:
        async with two_instances(redis) as (one, other):
            await one.charge_urls("me", 12)
            with pytest.raises(BudgetExceeded, match="at most 20 submitted URLs a minute"):
                await other.charge_urls("me", 9)
            await other.charge_urls("me", 8)
            await one.refund_urls("me", 12)
            await other.charge_urls("me", 12)

    asyncio.run(main())


def test_callers_without_a_name_share_ten_times_as_much_and_the_service_itself_has_no_bound(redis: RedisServer) -> None:
    async def main() -> None:
        async with two_instances(redis) as (one, other):
            for budgets in (one, other) * 20:
                await budgets.charge_list(ANONYMOUS)
                await budgets.charge_list(INTERNAL)
            with pytest.raises(BudgetExceeded, match="at most 40 lists"):
                await one.charge_list(ANONYMOUS)

    asyncio.run(main())


def test_without_the_server_an_instance_keeps_its_own_bounds(redis: RedisServer) -> None:
    async def main() -> None:
        async with two_instances(redis) as (one, _):
            await one.charge_list("me")
            redis.kill()
            for _ in range(3):
                await one.charge_list("me")
            with pytest.raises(BudgetExceeded):
                await one.charge_list("me")
            async with one.lookup("me", "a", 10, waits=True):
                pass

    asyncio.run(main())
