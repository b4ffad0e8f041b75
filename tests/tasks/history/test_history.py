"""Finished tasks outlive the vendor's three days, over an emulated account and a store in memory, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import msgspec
import pytest

from emulator.tasks.transition import Row, Transition
from functions.errors import Reason, UpstreamFault
from functions.tasks.history.history import KEEP_SECONDS, SETTLE_SECONDS
from functions.tasks.query import EVERYTHING, ListQuery, LookupQuery, RequestedId, Scope
from functions.tasks.report import Outcome, TaskReport
from functions.tasks.service import TaskService
from tests.support.memory_store import MemoryStore, Shelf
from tests.support.virtual_service import Account, instance_over
from tests.support.virtual_time import run

DAYS = 86_400.0
ALL = ("cdn", "dcdn", "vod")


class World:
    def __init__(self, slowest: float = 0.01) -> None:
        self.account = Account(limits=False)
        self.shelf = Shelf()
        self.store = MemoryStore(self.shelf, slowest)
        self.service = self.instance()

    def instance(self) -> TaskService:
        """Another instance over the same account and the same store."""
        return instance_over(self.account, store=self.store)

    async def lookup(self, *ids: str, scope: Scope = EVERYTHING, service: TaskService | None = None) -> TaskReport:
        parts = [each.rpartition(":") for each in ids]
        asked = tuple(RequestedId(task_id, product or None) for product, _, task_id in parts)
        return (await (service or self.service).lookup(LookupQuery(ids=asked, products=ALL, scope=scope))).report


def in_virtual_time(main: Coroutine[Any, Any, None]) -> None:
    run(main)


@pytest.mark.parametrize("product", ALL)
def test_a_task_that_was_seen_done_is_answered_when_the_vendor_has_forgotten_it(product: str) -> None:
    async def main() -> None:
        world = World()
        rows = [Row("http://a.example.com/1"), Row("http://a.example.com/2", "Failed", 25, "Origin Timeout")]
        task = world.account.tasks.add(product, rows, age=100)
        before = await world.lookup(task)
        assert before.summary.done
        await asyncio.sleep(10 * DAYS)
        for service in (world.service, world.instance()):
            after = await world.lookup(task, service=service)
            assert after.summary.outcome is Outcome.FAILED
            assert [each.source for each in after.tasks] == ["history"]
            assert [msgspec.structs.replace(each, source=each.source.VENDOR) for each in after.tasks] == list(
                before.tasks
            )

    in_virtual_time(main())


def test_what_is_under_way_is_not_kept_and_what_is_done_is_kept_once() -> None:
    async def main() -> None:
        world = World()
        moving = world.account.tasks.add(
            "cdn", ["http://a.example.com/1"], transition=Transition(by="seconds", length=200)
        )
        done = world.account.tasks.add("dcdn", ["http://a.example.com/2"], age=100)
        for _ in range(5):
            await world.lookup(f"cdn:{moving}", f"dcdn:{done}")
            await asyncio.sleep(5)
        assert [key for key, _ in world.shelf.written if "/ids/" in key] == [f"tasks/dcdn/ids/{done}.json"]

    in_virtual_time(main())


def test_what_a_list_shows_done_is_kept() -> None:
    async def main() -> None:
        world = World()
        ids = {world.account.tasks.add("cdn", [f"http://a.example.com/{n}"], age=100 + n) for n in range(5)}
        await world.service.list(ListQuery(products=("cdn",)))
        assert set(world.shelf.keys("tasks/cdn/ids/")) == {f"tasks/cdn/ids/{task}.json" for task in ids}

    in_virtual_time(main())


@pytest.mark.parametrize("broken", [True, False])
def test_a_store_that_is_slow_or_broken_holds_no_answer_up(broken: bool) -> None:
    async def main() -> None:
        world = World(slowest=0.0 if broken else 30.0)
        world.store.broken = broken
        task = world.account.tasks.add("cdn", ["http://a.example.com/1"], age=100)
        started = asyncio.get_running_loop().time()
        report = await world.lookup(f"cdn:{task}")
        assert report.summary.done
        assert asyncio.get_running_loop().time() - started < world.account.latency + KEEP_SECONDS + 0.02
        await asyncio.sleep(100)  # the write goes on, or is tried again
        world.store.broken = False
        await world.lookup(f"cdn:{task}")
        await asyncio.sleep(100)
        assert world.shelf.keys("tasks/cdn/ids/") == [f"tasks/cdn/ids/{task}.json"]

    in_virtual_time(main())


def test_a_store_that_is_not_ready_is_written_to_when_the_answer_is_out() -> None:
    async def main() -> None:
        world = World(slowest=30.0)
        world.store.ready = False
        task = world.account.tasks.add("cdn", ["http://a.example.com/1"], age=100)
        started = asyncio.get_running_loop().time()
        await world.lookup(f"cdn:{task}")
        assert asyncio.get_running_loop().time() - started < world.account.latency + 0.01
        assert not world.store.calls
        await world.service.settle()
        assert asyncio.get_running_loop().time() - started < SETTLE_SECONDS + 0.1
        await asyncio.sleep(100)
        assert world.shelf.keys("tasks/cdn/ids/") == [f"tasks/cdn/ids/{task}.json"]

    in_virtual_time(main())


def test_a_broken_store_is_no_answer_about_an_old_task() -> None:
    async def main() -> None:
        world = World()
        task = world.account.tasks.add("cdn", ["http://a.example.com/1"], age=100)
        await world.lookup(f"cdn:{task}")
        await asyncio.sleep(10 * DAYS)
        world.store.broken = True
        report = await world.lookup(f"cdn:{task}", service=(fresh := world.instance()))
        assert report.summary.not_found == 1
        world.store.broken = False
        assert (await world.lookup(f"cdn:{task}", service=fresh)).summary.found == 1

    in_virtual_time(main())


def test_a_done_task_is_answered_while_its_product_is_down() -> None:
    async def main() -> None:
        world = World()
        task = world.account.tasks.add("cdn", ["http://a.example.com/1"], age=100)
        await world.lookup(f"cdn:{task}")
        world.account.faults["DescribeRefreshTaskById"] = UpstreamFault(Reason.UNAVAILABLE, product="cdn")
        report = await world.lookup(f"cdn:{task}", service=world.instance())
        assert (report.summary.outcome, report.problems) == (Outcome.SUCCEEDED, ())

    in_virtual_time(main())


@pytest.mark.parametrize(
    ("scope", "rows"),
    [
        (Scope(domains=frozenset({"a.example.com"})), 1),
        (Scope(domains=frozenset({"*.example.net"})), 0),
        (Scope(products=frozenset({"dcdn"})), 0),
    ],
)
def test_what_is_kept_is_seen_by_those_who_may_see_it_and_kept_whole_whoever_asked(scope: Scope, rows: int) -> None:
    async def main() -> None:
        world = World()
        task = world.account.tasks.add("cdn", ["http://a.example.com/1", "http://b.example.com/2"], age=100)
        narrow = Scope(domains=frozenset({"a.example.com"}))
        await world.lookup(f"cdn:{task}", scope=narrow)
        await asyncio.sleep(10 * DAYS)
        whole = await world.lookup(f"cdn:{task}")
        assert whole.tasks[0].object_counts.total == 2
        other = world.instance()
        seen = await world.lookup(f"cdn:{task}", scope=scope, service=other)
        assert sum(each.object_counts.total for each in seen.tasks) == rows
        world.store.calls.clear()
        for unknown in (task, "999"):  # once read, hidden and unknown cost the same
            await world.lookup(f"cdn:{unknown}", scope=scope, service=other)
            await world.lookup(f"cdn:{unknown}", scope=scope, service=other)
        assert len(world.store.calls) <= 1

    in_virtual_time(main())


def test_a_document_that_cannot_be_read_is_as_good_as_none() -> None:
    async def main() -> None:
        world = World()
        world.shelf.write("tasks/cdn/ids/1.json", b"{")
        assert (await world.lookup("cdn:1")).summary.not_found == 1

    in_virtual_time(main())
