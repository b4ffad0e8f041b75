"""Looking ESA's tasks up and listing them, over the emulator's lists in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from emulator.tasks.transition import Row, Transition
from functions.errors import Reason, UpstreamFault
from functions.products.esa import lists
from functions.products.esa.rows import read_rows
from functions.products.reading.rows import ParsedRows
from functions.products.reading.vocabulary import Vocabulary
from functions.settings import Settings
from functions.tasks.query import ListQuery, LookupQuery, RequestedId
from functions.tasks.report import Task
from functions.tasks.results import LookupAnswer, NothingAnswered
from functions.tasks.service import TaskService
from tests.support.samples import vendor_sample
from tests.support.virtual_service import Account, all_pages, instance_over
from tests.support.virtual_time import run

PURGES, PRELOADS = "DescribePurgeTasks", "DescribePreloadTasks"
ONLY_ESA = Settings(products=("esa",), quota_share=1.0)
TYPES = ("file", "directory", "ignoreparams", "cachetag", "hostname", "purgeall", "preload")


def world() -> tuple[Account, TaskService]:
    account = Account(limits=False)
    return account, instance_over(account, ONLY_ESA)


async def lookup(service: TaskService, *ids: str) -> LookupAnswer:
    return await service.lookup(LookupQuery(ids=tuple(RequestedId(each, "esa") for each in ids), products=("esa",)))


def test_tasks_of_every_type_and_site_are_found_by_one_reading_of_the_lists() -> None:
    async def main() -> None:
        account, service = world()
        ids = [account.tasks.add("esa", ["http://www.example.com/a/"], object_type=word, age=100) for word in TYPES]
        ids.append(account.tasks.add("esa", ["http://example.net/b"], age=100))
        report = (await lookup(service, *ids, "1594095699999999")).report
        assert [task.task_id for task in report.tasks] == ids
        assert [task.object_type for task in report.tasks] == [*TYPES, "file"]
        assert [each.id for each in report.not_found] == ["esa:1594095699999999"]
        assert account.calls == {"ListSites": 1, PURGES: 12, PRELOADS: 2}

    run(main())


def test_a_task_that_was_found_once_costs_a_call_of_its_own_list() -> None:
    async def main() -> None:
        account, service = world()
        moving = Transition(by="seconds", length=100.0)
        task = account.tasks.add("esa", ["http://www.example.com/a"], object_type="preload", transition=moving)
        await lookup(service, task)
        account.calls.clear()
        await asyncio.sleep(2)
        await lookup(service, task)
        assert account.calls == {PRELOADS: 1}

    run(main())


def test_many_askers_at_once_share_one_reading() -> None:
    async def main() -> None:
        account, service = world()
        ids = [account.tasks.add("esa", [f"http://www.example.com/{n}"], age=n) for n in range(120)]
        answers = await asyncio.gather(*(lookup(service, task) for task in ids))
        assert [answer.report.summary.found for answer in answers] == [1] * 120
        assert account.calls == {"ListSites": 1, PURGES: 14, PRELOADS: 2}

    run(main())


@pytest.mark.parametrize("action", ["ListSites", PURGES, PRELOADS])
def test_a_list_that_cannot_be_read_makes_no_id_unknown(action: str) -> None:
    async def main() -> None:
        account, service = world()
        known = account.tasks.add("esa", ["http://www.example.com/a"], age=100)
        account.faults[action] = UpstreamFault(Reason.DENIED, product="esa")
        if action == PRELOADS:
            report = (await lookup(service, known, "1594095699999999")).report
            assert [task.task_id for task in report.tasks] == [known]
            assert [each.id for each in report.undecided] == ["esa:1594095699999999"]
        else:
            with pytest.raises(NothingAnswered):
                await lookup(service, known)

    run(main())


@pytest.mark.parametrize("seconds_a_row", [0, 1])
def test_what_lies_beyond_the_last_page_read_is_undecided(monkeypatch: pytest.MonkeyPatch, seconds_a_row: int) -> None:
    monkeypatch.setattr(lists, "_MAX_PAGES", 2)

    async def main() -> None:
        account, service = world()
        ids = [account.tasks.add("esa", [f"http://example.com/{n}"], age=100 + n * seconds_a_row) for n in range(120)]
        other = account.tasks.add("esa", ["http://example.com/"], object_type="preload")
        report = (await lookup(service, *ids, other)).report
        assert (len(report.tasks), len(report.undecided)) == ((100, 21) if seconds_a_row else (1, 120))

    run(main())


def listed(query: ListQuery) -> tuple[list[Task], Account]:
    """All pages of a list over three hundred tasks of all types and both sites."""

    async def main() -> tuple[list[Task], Account]:
        account, service = world()
        for n in range(300):
            host = "www.example.com" if n % 3 else "example.net"
            state = "Failed" if n % 50 == 0 else "Complete"
            row = Row(f"http://{host}/{n}/", state)
            account.tasks.add("esa", [row], object_type=TYPES[n % 7], age=60 + n // 2)
        return await all_pages(service, query), account

    return run(main())


def test_a_list_is_newest_first_over_all_sites_and_types_and_misses_none() -> None:
    tasks, _ = listed(ListQuery(products=("esa",), page_size=60))
    assert len({task.task_id for task in tasks}) == len(tasks) == 300
    created = [task.created_at or "" for task in tasks]
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (ListQuery(products=("esa",), object_types=("preload",), page_size=100), 42),
        (ListQuery(products=("esa",), action="preload", page_size=100), 42),
        (ListQuery(products=("esa",), domain_name="example.net", page_size=100), 100),
        (ListQuery(products=("esa",), object_paths=("http://example.net/9/",), page_size=100), 1),
        (ListQuery(products=("esa",), object_paths=("http://foreign.example.org/9/",), page_size=100), 0),
    ],
)
def test_filters_choose(query: ListQuery, count: int) -> None:
    tasks, account = listed(query)
    assert len(tasks) == count
    if query.object_paths == ("http://foreign.example.org/9/",):
        assert account.calls[PRELOADS] == 0  # purged directories of all sites may cover it, no preload can


NOW = 1_680_100_000.0
"""Some hours after the sample."""


def read(**members: Any) -> Any:
    row = {"TaskId": "1", "Content": "http://www.example.com/", "Status": "Complete", "Process": "100%", **members}
    return read_rows(
        {"RequestId": "R", "Tasks": [row]}, Vocabulary(), product="esa", object_type="preload", now=NOW
    ).rows["1"][0]


def test_the_vendor_s_sample_is_read() -> None:
    sample = read_rows(
        vendor_sample("esa_DescribePreloadTasks_2024"), Vocabulary(), product="esa", object_type="preload", now=NOW
    )
    ((row,),) = sample.rows.values()
    assert row.task_id == "1597854579687428"
    assert (row.object_path, row.object_type) == ("http://a.com/1.jpg?b=2", "preload")
    assert row.created_at is not None
    assert row.created_at.isoformat() == "2023-03-28T14:28:57+00:00"


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("2023-03-28 14:28:57", "2023-03-28T14:28:57+00:00"),
        ("2023-03-28T14:28:57+Z", "2023-03-28T14:28:57+00:00"),
        ("2023-03-28T14:28:57Z", "2023-03-28T14:28:57+00:00"),
        ("2023-03-28T22:28:57+08:00", "2023-03-28T14:28:57+00:00"),
        ("2023-03-30 14:28:57", None),
        ("28.3.2023", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_without_a_zone_is_utc_and_one_ahead_is_not_known(text: str | None, read_as: str | None) -> None:
    created = read(CreateTime=text).created_at
    assert (created and created.isoformat()) == read_as


def parsed(tasks: object) -> ParsedRows:
    body = {"RequestId": "R", "Tasks": tasks}
    return read_rows(body, Vocabulary(), product="esa", object_type="file", now=NOW)


@pytest.mark.parametrize("tasks", ["x", 3, {"TotalCount": 1, "Page": 2}])
def test_another_shape_is_not_taken_for_an_empty_list(tasks: object) -> None:
    with pytest.raises(UpstreamFault) as caught:
        parsed(tasks)
    assert caught.value.reason is Reason.MALFORMED


ROW = {"TaskId": "1", "Content": "http://www.example.com/a", "Type": "directory", "CreateTime": "2023-03-28 14:28:57"}


@pytest.mark.parametrize("tasks", [[ROW], {"Task": [ROW]}, ROW, [{name.lower(): value for name, value in ROW.items()}]])
def test_rows_are_read_wherever_those_of_other_products_are(tasks: object) -> None:
    (row,) = parsed(tasks).rows["1"]
    assert (row.object_path, row.object_type) == ("http://www.example.com/a", "directory")
    assert row.created_at is not None
