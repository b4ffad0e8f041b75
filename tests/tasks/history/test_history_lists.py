"""Lists and questions by URL that reach back beyond the vendor's three days, in virtual time."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from emulator.tasks.transition import Row
from functions.errors import InvalidRequest, Reason, UpstreamFault
from functions.settings import Settings
from functions.tasks.history.filing import MAX_FOLDERS
from functions.tasks.history.index import PAGE_KEYS
from functions.tasks.listing.history_filler import MAX_READ
from functions.tasks.listing.planner import MAX_CALLS
from functions.tasks.query import ListQuery, LookupQuery, RequestedId, Scope
from functions.tasks.report import Task
from functions.tasks.results import NothingAnswered
from functions.tasks.service import TaskService
from tests.support.memory_store import MemoryStore, Shelf
from tests.support.virtual_service import ALL, Account, all_pages, instance_over, with_pages_of
from tests.support.virtual_time import LoopClock, run

DAY = 86_400.0
URL = "http://a.example.com/x/y.jpg"


class World:
    def __init__(self) -> None:
        self.account = Account(limits=False)
        self.shelf = Shelf()
        self.store = MemoryStore(self.shelf)
        self.service = self.instance()

    def instance(self, settings: Settings | None = None) -> TaskService:
        return instance_over(self.account, settings, store=self.store)

    async def seen(self, product: str, rows: list[str | Row], age: float = 100, **more: Any) -> str:
        """The qualified id of a task that was looked up when it was done."""
        task = self.account.tasks.add(product, rows, age=age, **more)
        ids = (RequestedId(task, product),)
        report = (await self.service.lookup(LookupQuery(ids=ids, products=ALL))).report
        assert report.summary.done
        return f"{product}:{task}"

    async def list(self, service: TaskService | None = None, **members: Any) -> list[Task]:
        return await all_pages(service or self.instance(), question(**members))


def question(days: float | None = None, **members: Any) -> ListQuery:
    start = None if days is None else datetime.fromtimestamp(LoopClock().now().wall, UTC) - timedelta(days=days)
    return ListQuery(**{"products": ALL, "start": start, **members})


def ids(tasks: list[Task]) -> list[str]:
    return [task.id for task in tasks]


def in_virtual_time(main: Coroutine[Any, Any, None]) -> None:
    run(main)


@pytest.mark.parametrize("page_size", [1, 7, 100])
def test_a_list_goes_on_from_the_vendor_to_the_history_and_shows_each_task_once(page_size: int) -> None:
    async def main() -> None:
        world, order, expected = World(), random.Random(5), []
        for _ in range(60):
            same_second = order.choice([1, 1, 3])
            expected += [await world.seen(order.choice(ALL), [f"{URL}{n}"]) for n in range(same_second)]
            await asyncio.sleep(order.uniform(0, 0.2 * DAY))
        tasks = await world.list(days=30, page_size=page_size)
        assert sorted(ids(tasks)) == sorted(expected)
        assert [task.created_at for task in tasks] == sorted((task.created_at or "" for task in tasks), reverse=True)
        sources = [task.source.value for task in tasks]
        assert sources == sorted(sources, reverse=True)
        assert set(sources) == {"vendor", "history"}

    in_virtual_time(main())


def test_a_list_whose_pages_are_asked_for_days_apart_shows_each_task_once() -> None:
    async def main() -> None:
        world, expected = World(), []
        for number in range(40):
            expected.append(await world.seen("cdn", [f"{URL}{number}"]))
            await asyncio.sleep(0.1 * DAY)
        query, found = question(days=30, page_size=3), list[str]()
        for service in iter(world.instance, None):
            page = (await service.list(query)).page
            found += ids(list(page.tasks))
            if page.next_page_token is None:
                break
            query = msgspec.structs.replace(query, page_token=page.next_page_token)
            await asyncio.sleep(0.4 * DAY)
        assert found == expected[::-1]

    in_virtual_time(main())


@pytest.mark.parametrize("page_size", [10, 60])
def test_a_next_page_that_comes_while_tasks_leave_the_vendor_s_window_shows_each_task_once(page_size: int) -> None:
    async def main() -> None:
        world = World()
        expected = [await world.seen("cdn", [f"{URL}{n}"], age=1_000 - 5 * n) for n in range(150)]
        await asyncio.sleep(3 * DAY - 700)
        query, found, service = question(days=30, page_size=page_size), list[str](), world.instance()
        for _ in range(100):
            page = (await service.list(query)).page
            found += ids(list(page.tasks))
            if page.next_page_token is None:
                break
            query = msgspec.structs.replace(query, page_token=page.next_page_token)
            await asyncio.sleep(29)  # the instance has kept what it read ahead
        assert found == expected[::-1]

    in_virtual_time(main())


@pytest.mark.parametrize("object_paths", [(), (URL,)])
def test_a_second_with_more_tasks_than_a_read_of_the_index_has_is_listed_whole(object_paths: tuple[str, ...]) -> None:
    async def main() -> None:
        world = World()
        tasks = [world.account.tasks.add("cdn", [URL], age=100) for _ in range(PAGE_KEYS + 30)]
        tasks += [world.account.tasks.add("cdn", [URL], age=age) for age in (101, 99)]
        asked = tuple(RequestedId(task, "cdn") for task in tasks)
        await world.service.lookup(LookupQuery(ids=asked, products=ALL))
        await asyncio.sleep(10 * DAY)
        found = await world.list(days=30, object_paths=object_paths, page_size=70)
        assert sorted(ids(found)) == sorted(f"cdn:{task}" for task in tasks)
        assert (found[0].task_id, found[-1].task_id) == (tasks[-1], tasks[-2])

    in_virtual_time(main())


@pytest.mark.parametrize("offset", range(0, 12, 3))
def test_tasks_that_leave_the_vendor_s_window_while_a_page_is_read_are_shown_once(offset: int) -> None:
    async def main() -> None:
        world = World()
        expected = [await world.seen("cdn", [f"{URL}{n}"], age=1_000 - 2 * n) for n in range(60)]
        await asyncio.sleep(3 * DAY - 970 + offset)
        world.account.latency = 0.5
        service = instance_over(world.account, specs=with_pages_of(5), store=world.store)
        assert ids(await world.list(service, days=30, products=("cdn",), page_size=100)) == expected[::-1]

    in_virtual_time(main())


def test_older_tasks_wait_until_every_product_has_listed_its_newer_ones() -> None:
    async def main() -> None:
        world = World()
        old = await world.seen("dcdn", ["http://a.example.com/1"])
        await asyncio.sleep(10 * DAY)
        newer = await world.seen("cdn", ["http://a.example.com/1"], age=10_000)
        for number in range(2 * MAX_CALLS):
            world.account.tasks.add("cdn", [f"http://hidden.example.com/{number}"], age=9_000 - 10 * number)
        service = instance_over(world.account, specs=with_pages_of(1), store=world.store)
        scope = Scope(domains=frozenset({"a.example.com"}))
        assert (await service.list(question(days=30, scope=scope))).page.tasks == ()
        assert ids(await world.list(service, days=30, scope=scope)) == [newer, old]

    in_virtual_time(main())


def test_without_a_start_time_a_list_is_the_vendor_s_three_days_and_a_range_before_them_is_the_history_s() -> None:
    async def main() -> None:
        world = World()
        old = await world.seen("dcdn", [URL])
        await asyncio.sleep(5 * DAY)
        new = await world.seen("dcdn", [URL])
        assert ids(await world.list()) == [new]
        calls = world.account.list_calls
        end = datetime.fromtimestamp(LoopClock().now().wall, UTC) - timedelta(days=4)
        assert ids(await world.list(end=end)) == ids(await world.list(days=6, end=end)) == [old]
        assert ids(await world.list(days=4.9, end=end)) == []
        assert world.account.list_calls == calls

    in_virtual_time(main())


def test_without_a_store_a_start_time_before_the_three_days_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(InvalidRequest, match="startTime"):
            await instance_over(Account()).list(question(days=4))

    in_virtual_time(main())


@pytest.mark.parametrize(
    ("rows", "object_type", "match"),
    [
        ([URL], "file", "exact"),
        (["http://A.example.com/x/%79.jpg"], "file", "exact"),
        (["http://a.example.com/x/"], "directory", "directory"),
        (["http://a.example.com/"], "directory", "directory"),
        ([r"http://a.example.com/.*\.jpg"], "regex", "regex"),
        ([f"http://a.example.com/{n}" for n in range(MAX_FOLDERS)] + [URL], "file", "exact"),
        ([URL], "preload", "exact"),
    ],
)
def test_what_concerns_a_url_is_found_when_the_vendor_has_forgotten_it(
    rows: list[str], object_type: str, match: str
) -> None:
    async def main() -> None:
        world = World()
        task = await world.seen("cdn", [*rows], object_type=object_type)
        others = ["http://a.example.com/x/z.jpg", "http://b.example.com/x/y.jpg", "https://a.example.com/x/y.jpg"]
        for other in others:
            await world.seen("cdn", [other])
        await asyncio.sleep(20 * DAY)
        new = await world.seen("dcdn", [URL])
        tasks = await world.list(object_paths=(URL,))
        assert [(each.id, each.match, each.source.value) for each in tasks] == [
            (new, "exact", "vendor"),
            (task, match, "history"),
        ]
        assert ids(await world.list(days=10, object_paths=(URL,))) == [new]

    in_virtual_time(main())


def test_filters_hold_for_what_is_kept() -> None:
    async def main() -> None:
        world = World()
        good = await world.seen("cdn", ["http://a.example.com/1"], age=300)
        bad = await world.seen("dcdn", [Row("http://b.example.com/1", "Failed", 25, "Origin Timeout")], age=200)
        warm = await world.seen("vod", ["http://a.example.com/2"], object_type="preload")
        await asyncio.sleep(20 * DAY)
        assert ids(await world.list(days=30, domain_name=".example.com")) == [warm, bad, good]
        assert ids(await world.list(days=30, domain_name="a.example.com")) == [warm, good]
        assert ids(await world.list(days=30, action="preload")) == [warm]
        assert ids(await world.list(days=30, products=("dcdn",))) == [bad]
        ((failed),) = await world.list(days=30, object_types=("file",), domain_name="b.example.com")
        assert (failed.id, failed.status, failed.source.value) == (bad, "failed", "history")

    in_virtual_time(main())


def test_narrow_tokens_learn_nothing_of_hidden_tasks() -> None:
    async def main() -> None:
        world = World()
        hidden = [
            await world.seen("cdn", [f"http://hidden.example.com/{n}"], age=1_000 - n) for n in range(2 * MAX_READ)
        ]
        await asyncio.sleep(10 * DAY)
        shown = await world.seen("cdn", ["http://a.example.com/1"], age=100)
        await asyncio.sleep(10 * DAY)
        assert await world.list(days=30, scope=Scope(products=frozenset({"vod"}))) == []
        narrow = question(days=30, scope=Scope(domains=frozenset({"a.example.com"})), page_size=1)
        by_url = msgspec.structs.replace(narrow, object_paths=("http://hidden.example.com/1",))
        assert await all_pages(world.instance(), by_url) == []
        tokens: list[str | None] = [""]
        found: list[str] = []
        while tokens[-1] is not None:
            query = msgspec.structs.replace(narrow, page_token=tokens[-1] or None)
            page = (await world.instance().list(query)).page
            found += ids(list(page.tasks))
            tokens.append(page.next_page_token)
        assert found == [shown]
        seen = b"".join(base64.urlsafe_b64decode(f"{token}==") for token in tokens if token)
        assert len(tokens) > 2
        assert not [task for task in hidden if task.partition(":")[2].encode() in seen]
        assert len(await world.list(days=30)) == 2 * MAX_READ + 1

    in_virtual_time(main())


def test_a_page_reads_a_bounded_number_of_tasks_and_the_next_one_goes_on() -> None:
    async def main() -> None:
        world = World()
        wanted = await world.seen("cdn", ["http://a.example.com/wanted"], age=5_000)
        for number in range(2 * MAX_READ):
            await world.seen("cdn", [f"http://b.example.com/{number}"], age=4_000 - 5 * number)
        await asyncio.sleep(10 * DAY)
        world.store.calls.clear()
        query = question(days=30, domain_name="a.example.com")
        page = (await world.instance().list(query)).page
        assert (page.tasks, page.problems) == ((), ())
        assert page.next_page_token is not None
        assert world.store.calls.count("get") <= MAX_READ
        assert ids(await world.list(days=30, domain_name="a.example.com")) == [wanted]

    in_virtual_time(main())


def test_a_store_that_fails_is_told_and_the_list_goes_on_where_it_stood() -> None:
    async def main() -> None:
        world = World()
        old = [await world.seen("cdn", [f"{URL}{n}"], age=200 - n) for n in range(3)]
        await asyncio.sleep(10 * DAY)
        new = await world.seen("cdn", [URL])
        world.store.broken = True
        query = question(days=30, products=("cdn",))
        page = (await world.instance().list(query)).page
        assert ids(list(page.tasks)) == [new]
        assert [(each.product, each.reason, each.retry_after) for each in page.problems] == [
            ("cdn", "history-unavailable", 2)
        ]
        rest = msgspec.structs.replace(query, page_token=page.next_page_token)
        with pytest.raises(NothingAnswered):
            await world.instance().list(rest)
        world.store.broken = False
        assert ids(await all_pages(world.instance(), rest)) == old[::-1]

    in_virtual_time(main())


def test_while_a_product_fails_its_older_tasks_wait_and_those_of_others_do_not() -> None:
    async def main() -> None:
        world = World()
        mine, other = await world.seen("cdn", [URL]), await world.seen("dcdn", [URL])
        await asyncio.sleep(10 * DAY)
        world.account.faults["DescribeRefreshTasks"] = UpstreamFault(Reason.UNAVAILABLE, product="cdn")
        query = question(days=30)
        page = (await world.instance().list(query)).page
        assert ids(list(page.tasks)) == [other]
        world.account.faults.clear()
        rest = await all_pages(world.instance(), msgspec.structs.replace(query, page_token=page.next_page_token))
        assert ids(rest) == [mine]

    in_virtual_time(main())


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body[: len(body) // 2],
        lambda _: b"",
        lambda _: b"\xff\xfe",
        lambda _: b"[" * 100_000,
        lambda body: body.replace(b'"cdn:', b'"dcdn:'),
        lambda body: body.replace(b'"complete"', b'"running"'),
        lambda body: body.replace(b'"complete"', b'"perfect"'),
        lambda body: body.replace(b'"checkedAt":', b'"checkedAt":1e300,"x":'),
        lambda body: body.replace(b'"createdAt":"20', b'"createdAt":"19'),
    ],
)
def test_a_damaged_task_is_shown_by_no_list(damage: Any) -> None:
    async def main() -> None:
        world = World()
        sound = await world.seen("cdn", [URL], age=200)
        task = await world.seen("cdn", [URL], age=100)
        place = f"tasks/cdn/ids/{task.partition(':')[2]}.json"
        world.shelf.write(place, damage(world.shelf.objects[place]))
        world.shelf.write("tasks/cdn/2020-01-01/by hand", b"")
        await asyncio.sleep(10 * DAY)
        assert ids(await world.list(days=30)) == ids(await world.list(object_paths=(URL,))) == [sound]

    in_virtual_time(main())


@pytest.mark.parametrize("writes", range(4))
def test_a_write_that_was_cut_short_shows_nothing_and_is_done_anew_when_the_task_is_seen_again(writes: int) -> None:
    async def main() -> None:
        world = World()
        task = world.account.tasks.add("cdn", [URL, f"{URL}2"], age=100)
        lookup = LookupQuery(ids=(RequestedId(task, "cdn"),), products=ALL)
        world.store.writes_left = writes
        await world.service.lookup(lookup)
        await asyncio.sleep(10)
        assert len(world.shelf.written) == writes
        world.store.writes_left = None
        if writes % 2:  # another instance sees it again
            await world.instance().lookup(lookup)
        await asyncio.sleep(10 * DAY)
        expected = [f"cdn:{task}"] if writes % 2 else []
        assert ids(await world.list(days=30)) == ids(await world.list(object_paths=(URL,))) == expected

    in_virtual_time(main())


def test_a_task_is_written_once_however_many_instances_see_it() -> None:
    async def main() -> None:
        world = World()
        await world.seen("cdn", [URL])
        written = len(world.shelf.written)
        for _ in range(3):
            await world.list(world.instance())
        assert len(world.shelf.written) == written

    in_virtual_time(main())
