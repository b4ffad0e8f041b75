"""Random histories of tasks, listed page by page while they change, against a filter that knows everything."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.tasks.records import RowView, TaskView
from emulator.tasks.transition import Row
from functions.errors import Reason, UpstreamFault
from functions.model import Status
from functions.products.registry import SPECS
from functions.settings import Settings, read_settings
from functions.tasks.query import ListQuery, Scope
from functions.tasks.report import Task
from functions.tasks.results import NothingAnswered
from functions.tasks.service import TaskService
from tests.support.virtual_service import ALL, MANY_PAGES, Account, instance_over, with_pages_of
from tests.support.virtual_time import EPOCH, run

WORDS = {
    "Complete": Status.COMPLETE,
    "Refreshing": Status.RUNNING,
    "Pending": Status.PENDING,
    "Failed": Status.FAILED,
    "Timeout": Status.TIMEOUT,
    "Canceled": Status.CANCELED,
    "Sleeping": Status.UNKNOWN,
}
BAD = (Status.FAILED, Status.TIMEOUT, Status.CANCELED)
HOSTS = ("a.com", "b.com", "img.c.com")
TYPES = ("file", "directory", "regex", "preload", "ignoreparams")
REFRESHES = {"file", "directory", "regex", "ignoreparams"}

LISTS = {"cdn": "DescribeRefreshTasks", "dcdn": "DescribeDcdnRefreshTasks", "vod": "DescribeVodRefreshTasks"}
WANTED = (
    (),
    (Status.FAILED,),
    BAD,
    (Status.RUNNING,),
    (Status.RUNNING, Status.FAILED),
    (Status.PENDING,),
    (Status.COMPLETE,),
    (Status.UNKNOWN, Status.TIMEOUT),
)
LIFTED = Settings(fresh_seconds=0.0, account_qps=dict.fromkeys(read_settings({}).account_qps, 1_000.0))

statuses = st.sampled_from(sorted(WORDS))
# Few seconds, so that many tasks share one; two of them are a whole minute.
ages = st.sampled_from([0, 1, 2, 30, 31, 90, 4_000, 200_000])


class History(msgspec.Struct):
    """A task to be: its rows are (host, status)."""

    product: str
    object_type: str
    age: int
    rows: list[tuple[str, str]]


@st.composite
def worlds(draw: st.DrawFn) -> list[History]:
    """Tasks that have much in common, so that products, types and seconds hold many of them: or there is no paging."""
    products = draw(st.lists(st.sampled_from(ALL), min_size=1, max_size=3, unique=True))
    types = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=2, unique=True))
    seconds = draw(st.lists(ages, min_size=1, max_size=4, unique=True))
    words = draw(st.lists(statuses, min_size=1, max_size=3, unique=True))
    row = st.tuples(st.sampled_from(HOSTS), st.sampled_from(words))
    rows = st.lists(row, min_size=1, max_size=draw(st.sampled_from([1, 5, 15])))
    task = st.builds(History, st.sampled_from(products), st.sampled_from(types), st.sampled_from(seconds), rows)
    return draw(st.lists(task, min_size=draw(st.sampled_from([0, 5, 15])), max_size=30))


@st.composite
def questions(draw: st.DrawFn) -> ListQuery:
    products = draw(st.sampled_from([ALL, ALL, ("cdn",), ("dcdn", "vod"), ("vod",)]))
    start = draw(st.sampled_from([None, None, 5_000, 60, 31]))
    end = draw(st.sampled_from([None, None, 10, 0]))
    return ListQuery(
        products=products,
        object_paths=draw(st.sampled_from([(), (), (), ("http://a.com/0",), ("http://a.com/0", "http://b.com/1")])),
        domain_name=draw(st.sampled_from([None, None, "a.com", "B.com"])),
        object_types=draw(st.sampled_from([(), (), ("file",), ("file", "directory"), ("ignoreparams", "file")])),
        action=draw(st.sampled_from([None, None, None, "refresh", "preload"])),
        statuses=draw(st.sampled_from(WANTED)),
        start=None if start is None else moment(start),
        end=None if end is None else moment(end),
        page_size=draw(st.sampled_from([1, 2, 3, 7, 100])),
        scope=draw(st.sampled_from([Scope(), Scope(), Scope(domains=frozenset({"a.com", "*.c.com"}))])),
    )


class Conditions(msgspec.Struct):
    """What the vendor is like, how the service is tuned, and whether each page is asked of another instance."""

    rows_a_page: int
    part_pages: int
    end_time_inclusive: bool
    other_instance: bool


conditions = st.builds(
    Conditions, st.sampled_from([2, 3, 5, 50]), st.sampled_from([1, 2, 10]), st.booleans(), st.booleans()
)
changes = st.lists(st.lists(st.tuples(st.integers(0, 200), statuses), max_size=6), max_size=10)


def moment(age: float) -> datetime:
    return datetime.fromtimestamp(EPOCH - age, UTC)


def all_knowing(account: Account, query: ListQuery) -> dict[str, TaskView]:
    """What matches now, by id, judged on the emulator's state without any code of the service."""
    found = {}
    for product in query.products:
        for task in account.tasks.all(product):
            if any(_matches(query, task, row) for row in task.rows):
                found[f"{product}:{task.task_id}"] = task
    return found


def _matches(query: ListQuery, task: TaskView, row: RowView) -> bool:
    host = _host(row)
    return (
        (not query.object_paths or any(_concerns(task.object_type, row.object_path, url) for url in query.object_paths))
        and (query.domain_name is None or host == query.domain_name.lower())
        and (not query.object_types or task.object_type in query.object_types)
        and (
            query.action is None
            or (task.object_type in REFRESHES if query.action == "refresh" else task.object_type == query.action)
        )
        and (not query.statuses or WORDS[row.status] in query.statuses)
        and (query.start is None or task.created_at >= query.start.timestamp())
        and (query.end is None or task.created_at < query.end.timestamp())
        and _visible(query, row)
    )


def _concerns(object_type: str, object_path: str, url: str) -> bool:
    if object_type == "directory":
        return url.startswith(object_path)
    return re.fullmatch(object_path, url) is not None if object_type == "regex" else object_path == url


def _in_reach(query: ListQuery, task: TaskView) -> bool:
    """The vendor filters by domain and status, and shows what covers a URL, for the types it documents only.

    (docs/vendor.md 1.2)
    """
    narrows = query.domain_name or query.statuses
    if query.object_paths and task.object_type == "regex":
        return "regex" in SPECS[task.product].listing.object_types
    return not narrows or bool(query.object_types) or task.object_type in SPECS[task.product].listing.object_types


def _visible(query: ListQuery, row: RowView) -> bool:
    return query.scope.domains is None or _host(row) in {"a.com", "img.c.com"}


def _host(row: RowView) -> str:
    return row.object_path.removeprefix("http://").partition("/")[0]


def path_of(object_type: str, host: str, number: int, index: int) -> str:
    """What a task's row of this index is about: the first of a directory or expression covers all of its host."""
    if object_type == "directory":
        return f"http://{host}/{'x' * index}{'/' if index else ''}"
    name = "[0-9]*" if object_type == "regex" else str(number % 3)
    return f"http://{host}/{name}{'x' * index}"


class Walk:
    """Lists a question to its end; what happens between the pages is done by the test."""

    def __init__(self, world: list[History], conditions: Conditions) -> None:
        self.conditions = conditions
        self.account = Account(limits=False)
        self.account.tasks.end_time_inclusive = conditions.end_time_inclusive
        self.specs = with_pages_of(conditions.rows_a_page)
        self.service = self.instance()
        self.named: set[str] = set()
        self.seen: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for number, history in enumerate(world):
            self.add(history, number)

    def instance(self) -> TaskService:
        return instance_over(self.account, LIFTED, self.specs)

    def add(self, history: History, number: int) -> None:
        rows = [
            Row(path_of(history.object_type, host, number, index), status)
            for index, (host, status) in enumerate(history.rows)
        ]
        born = moment(history.age)
        # Ids that say nothing of the order in which the vendor shows tasks of one second.
        named = str(1_000_000 + len(self.named) * 7_919 % 10_007)
        self.named.add(named)
        task_id = self.account.tasks.add(
            history.product, rows, object_type=history.object_type, created_at=born, task_id=named
        )
        for row in rows:
            self.seen[f"{history.product}:{task_id}", row.object_path].add(row.status)

    def change(self, number: int, status: str) -> None:
        everything = [(product, task) for product in ALL for task in self.account.tasks.all(product)]
        if everything:
            product, task = everything[number % len(everything)]
            path = task.rows[number % len(task.rows)].object_path
            self.account.tasks.set_row(product, task.task_id, path, status=status)
            self.seen[f"{product}:{task.task_id}", path].add(status)

    def assert_once(self, ids: list[str]) -> None:
        """No task twice; but an inclusive EndTime hides from another instance where a part of a second begins."""
        repeats = self.conditions.end_time_inclusive and self.conditions.other_instance
        assert repeats or len(ids) == len(set(ids))

    async def page(self, query: ListQuery, *failing: str) -> tuple[tuple[Task, ...], str | None]:
        """The next page; where every product that is left fails, the same is asked again when they are well."""
        if self.conditions.other_instance:
            self.service = self.instance()
        self.account.faults = {
            LISTS[product]: UpstreamFault(Reason.UNAVAILABLE, product=product) for product in failing
        }
        try:
            page = (await self.service.list(query)).page
        except NothingAnswered:
            assert failing
            return await self.page(query)
        assert {problem.product for problem in page.problems} <= set(failing)
        assert len(page.tasks) <= query.page_size
        return page.tasks, page.next_page_token


async def _listed_with_failures(walk: Walk, query: ListQuery, failing: list[set[str]]) -> None:
    expected = {key for key, task in all_knowing(walk.account, query).items() if _in_reach(query, task)}
    listed: list[str] = []
    token: str | None = None
    for number in range(MANY_PAGES):
        ill = failing[number] if number < len(failing) else ()
        tasks, token = await walk.page(msgspec.structs.replace(query, page_token=token), *ill)
        listed += [task.id for task in tasks]
        if token is None:
            break
    walk.assert_once(listed)
    assert expected <= set(listed)


async def _listed(walk: Walk, query: ListQuery, plans: list[list[tuple[int, str]]]) -> None:
    throughout, ever = all_knowing(walk.account, query), dict(all_knowing(walk.account, query))
    listed: list[Task] = []
    token: str | None = None
    for _ in range(MANY_PAGES):
        tasks, token = await walk.page(msgspec.structs.replace(query, page_token=token))
        _true_to(walk, query, tasks)
        listed += tasks
        if token is None:
            break
        for number, status in plans.pop() if plans else []:
            walk.change(number, status)
            if number % 3 == 0:
                walk.add(History(ALL[number % 2], "file", -number, [("a.com", status)]), number)
        now = all_knowing(walk.account, query)
        throughout = {key: task for key, task in throughout.items() if key in now}
        ever |= now
    assert token is None, "the list does not end"
    ids = [task.id for task in listed]
    walk.assert_once(ids)
    assert {key for key, task in throughout.items() if _in_reach(query, task)} <= set(ids) <= set(ever)
    created = [task.created_at or "" for task in listed]
    assert created == sorted(created, reverse=True)


def _true_to(walk: Walk, query: ListQuery, tasks: tuple[Task, ...]) -> None:
    """A task is shown with all its rows as they are or were when read, or it says that it is partial."""
    for task in tasks:
        truth = walk.account.tasks.get(task.product, task.task_id)
        assert truth is not None
        if task.partial:
            assert (task.product, task.status, task.done) == ("vod", "unknown", False)
            continue
        visible = {row.object_path for row in truth.rows if _visible(query, row)}
        assert sorted(row.object_path for row in task.objects) == sorted(visible)
        assert all(row.raw_status in walk.seen[task.id, row.object_path] for row in task.objects)


def _in_parts(conditions: Conditions) -> Any:
    pages = conditions.part_pages
    return mock.patch.multiple("functions.tasks.listing.planner", _PART_PAGES=pages, _EXPENSIVE_PART_PAGES=pages)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), questions(), conditions, changes)
def test_paging_gives_exactly_what_an_all_knowing_filter_gives(
    world: list[History], query: ListQuery, conditions: Conditions, plans: list[list[tuple[int, str]]]
) -> None:
    async def main() -> None:
        with _in_parts(conditions):
            await _listed(Walk(world, conditions), query, plans)

    run(main())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), questions(), conditions, st.lists(st.sets(st.sampled_from(ALL)), max_size=6))
def test_products_that_fail_now_and_then_leave_no_hole(
    world: list[History], query: ListQuery, conditions: Conditions, failing: list[set[str]]
) -> None:
    async def main() -> None:
        with _in_parts(conditions):
            await _listed_with_failures(Walk(world, conditions), query, failing)

    run(main())
