"""The timer keeps tasks that nobody asked about, over an emulated account and a store in memory, in virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator.tasks.transition import Transition
from functions.errors import Reason, UpstreamFault
from functions.events.reconcile.history_fill import STATE_KEY, HistoryFill
from functions.tasks.query import MAX_PAGE_SIZE, ListQuery
from tests.support.memory_store import MemoryStore, Shelf
from tests.support.virtual_service import ALL, Account, all_pages, instance_over
from tests.support.virtual_time import LoopClock, run

HOUR = 3_600.0
DAY = 24 * HOUR
LISTS = ("DescribeRefreshTasks", "DescribeDcdnRefreshTasks", "DescribeVodRefreshTasks")
FAILING = {"product": LISTS[:1], "all": LISTS}


class World:
    def __init__(self) -> None:
        self.account = Account(limits=False)
        self.shelf = Shelf()
        self.store = MemoryStore(self.shelf)

    def timer(self) -> HistoryFill:
        """That of an instance which has just started."""
        service = instance_over(self.account, store=MemoryStore(self.shelf))
        return HistoryFill(self.store, service, ALL, LoopClock())

    def add(self, number: int) -> str:
        product = ALL[number % 3]
        return f"{product}:{self.account.tasks.add(product, [f'http://a.example.com/{number}'])}"

    async def minutes(self, count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(60)
            await self.timer().run()

    async def kept(self) -> list[str]:
        service = instance_over(self.account, store=MemoryStore(self.shelf))
        start = datetime.fromtimestamp(LoopClock().now().wall, UTC) - timedelta(days=30)
        tasks = await all_pages(service, ListQuery(products=ALL, start=start))
        assert {task.source.value for task in tasks} <= {"history"}
        return [task.id for task in tasks]


def in_virtual_time(main: Coroutine[Any, Any, None]) -> None:
    run(main)


def test_what_nobody_asked_about_is_kept_whoever_the_timer_calls() -> None:
    async def main() -> None:
        world = World()
        await world.minutes(90)  # the three days before: nothing
        expected = []
        for number in range(60):
            expected.append(world.add(number))
            await world.minutes(3)
        await world.minutes(100)
        await asyncio.sleep(10 * DAY)
        assert sorted(await world.kept()) == sorted(expected)

    in_virtual_time(main())


def test_a_quiet_account_is_asked_for_a_list_every_ten_minutes() -> None:
    async def main() -> None:
        world = World()
        await world.minutes(90)
        world.account.calls.clear()
        await world.minutes(100)
        assert max(world.account.calls.values()) <= 10
        assert set(world.account.calls) == set(LISTS)

    in_virtual_time(main())


def test_a_minute_reads_one_page_at_most_and_all_pages_are_read() -> None:
    async def main() -> None:
        world = World()
        expected = [world.add(number) for number in range(3 * MAX_PAGE_SIZE + 1)]
        await asyncio.sleep(2 * HOUR)
        written: Counter[int] = Counter()
        for _ in range(90):
            before = len(world.shelf.keys("tasks/"))
            await world.minutes(1)
            written[len(world.shelf.keys("tasks/")) - before] += 1
        # Each task is a document, an entry of its day and one of its URL.
        assert max(written) <= 3 * MAX_PAGE_SIZE + 1
        await asyncio.sleep(10 * DAY)
        assert sorted(await world.kept()) == sorted(expected)

    in_virtual_time(main())


def test_a_task_that_takes_most_of_an_hour_is_kept_when_it_is_over() -> None:
    async def main() -> None:
        world = World()
        await world.minutes(90)
        slow = Transition(by="seconds", length=3_000)
        task = world.account.tasks.add("cdn", ["http://a.example.com/1"], transition=slow)
        await world.minutes(100)
        await asyncio.sleep(10 * DAY)
        assert await world.kept() == [f"cdn:{task}"]

    in_virtual_time(main())


def test_after_a_pause_it_goes_on_with_what_the_vendor_still_has() -> None:
    async def main() -> None:
        world = World()
        await world.minutes(1)
        await asyncio.sleep(30 * DAY)
        expected = [world.add(number) for number in range(3)]
        await world.minutes(150)
        await asyncio.sleep(10 * DAY)
        assert sorted(await world.kept()) == sorted(expected)

    in_virtual_time(main())


@pytest.mark.parametrize("fault", ["store", "product", "all", "state", "killed"])
def test_what_fails_is_made_up_for(fault: str) -> None:
    async def main() -> None:
        world = World()
        await world.minutes(90)
        expected = [world.add(number) for number in range(30)]
        await world.minutes(60)
        for minute in range(30):
            world.store.broken = fault == "store"
            for action in FAILING.get(fault, ()):
                world.account.faults[action] = UpstreamFault(Reason.UNAVAILABLE, product="cdn")
            if fault == "state" and minute == 5:
                world.shelf.write(STATE_KEY, b'{"start":')
            await asyncio.sleep(60)
            tick = asyncio.create_task(world.timer().run())
            if fault == "killed":
                await asyncio.sleep(0.03)
                tick.cancel()
            await asyncio.wait([tick])
        world.store.broken = False
        world.account.faults.clear()
        await world.minutes(150)
        await asyncio.sleep(10 * DAY)
        assert sorted(await world.kept()) == sorted(expected)

    in_virtual_time(main())
