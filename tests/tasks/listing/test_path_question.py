"""Questions by URL and by domain: what covers them, and how else they are spelled."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from functions.model import Status
from functions.tasks.query import ListQuery, LookupQuery, RequestedId, Scope
from functions.tasks.report import TaskList, TaskReport
from tests.support.virtual_service import ALL, Account, instance_over
from tests.support.virtual_time import run

URL = "http://a.com/img/logo.png"


class Added(msgspec.Struct, frozen=True):
    """A task to be, so many seconds old."""

    product: str
    task_id: str
    paths: tuple[str, ...]
    object_type: str = "file"
    age: int = 9


REGEX = Added("cdn", "11", ("http://a.com/.*/logo.png",), "regex", 50)
ROOT = Added("dcdn", "12", ("http://a.com/",), "directory", 40)
EXACT = Added("vod", "13", (URL, "http://a.com/other"), "file", 30)
DIRECTORY = Added("cdn", "14", ("http://a.com/css/", "http://a.com/img/"), "directory", 20)
OTHERS = (
    Added("cdn", "21", ("http://a.com/im/",), "directory"),
    Added("cdn", "22", ("http://b.com/img/",), "directory"),
    Added("cdn", "23", ("http://a.com/[0-9]*",), "regex"),
    Added("cdn", "24", ("http://a.com/img/",), "file"),
)
WORLD = (REGEX, ROOT, EXACT, DIRECTORY, *OTHERS)


def account_with(tasks: Iterable[Added]) -> Account:
    account = Account()
    for task in tasks:
        account.tasks.add(
            task.product, list(task.paths), object_type=task.object_type, age=task.age, task_id=task.task_id
        )
    return account


def listed(tasks: Iterable[Added], **filters: Any) -> tuple[TaskList, list[dict[str, Any]]]:
    """The first page, and the parameters of each call of a list."""

    async def main() -> tuple[TaskList, list[dict[str, Any]]]:
        account = account_with(tasks)
        page = (await instance_over(account).list(ListQuery(**{"products": ALL, **filters}))).page
        return page, [dict(parameters) for _, parameters in account.log if "TaskId" not in parameters]

    return run(main())


def followed(tasks: Iterable[Added], product: str, *urls: str) -> TaskReport:
    async def main() -> TaskReport:
        return (await instance_over(account_with(tasks)).follow_urls(product, urls)).report

    return run(main())


def test_tasks_above_a_url_are_found_newest_first_and_say_how_they_concern_it_case_u5() -> None:
    page, _ = listed(WORLD, object_paths=(URL,))
    assert [(task.task_id, task.match) for task in page.tasks] == [
        ("14", "directory"),
        ("13", "exact"),
        ("12", "directory"),
        ("11", "regex"),
    ]
    assert {row.object_path: row.match for task in page.tasks for row in task.objects} == {
        "http://a.com/css/": None,
        "http://a.com/img/": "directory",
        URL: "exact",
        "http://a.com/other": None,
        "http://a.com/": "directory",
        "http://a.com/.*/logo.png": "regex",
    }


def test_a_question_by_url_costs_its_own_list_and_those_of_what_can_cover_it() -> None:
    _, calls = listed(WORLD, object_paths=(URL,))
    assert len(calls) == 3 + 3 + 2  # VOD's list cannot be asked for regular expressions
    _, calls = listed(WORLD, object_paths=(URL,), object_types=("file",))
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"object_types": ("regex",)}, [REGEX]),
        ({"object_types": ("directory",)}, [DIRECTORY, ROOT]),
        ({"object_types": ("file",)}, [EXACT]),
        ({"action": "preload"}, []),
        ({"statuses": (Status.FAILED,)}, []),
        ({"products": ("dcdn",)}, [ROOT]),
        ({"scope": Scope(domains=frozenset({"a.com"}))}, [DIRECTORY, EXACT, ROOT, REGEX]),
        ({"scope": Scope(domains=frozenset({"b.com"}))}, []),
    ],
)
def test_the_other_filters_hold_for_what_covers_a_url_too(filters: dict[str, Any], found: list[Added]) -> None:
    page, _ = listed(WORLD, object_paths=(URL,), **filters)
    assert [task.task_id for task in page.tasks] == [task.task_id for task in found]


def test_only_an_answer_about_a_url_has_matches() -> None:
    page, _ = listed(WORLD)
    assert len(page.tasks) == len(WORLD)
    assert {task.match for task in page.tasks} == {None}


def test_whoever_follows_a_url_is_told_of_what_covers_it_case_u5() -> None:
    report = followed(WORLD, "cdn", URL)
    assert [(task.task_id, task.match) for task in report.tasks] == [("14", "directory"), ("11", "regex")]
    assert [row.match for task in report.tasks for row in task.objects] == [None, "directory", "regex"]


def test_of_tasks_that_only_cover_a_followed_url_the_newest_are_looked_up() -> None:
    releases = [Added("cdn", str(100 + n), ("http://a.com/",), "directory", 10 + n) for n in range(90)]
    report = followed([*releases, Added("cdn", "1", (URL,), age=3_600)], "cdn", URL)
    assert [task.task_id for task in report.tasks] == [*(task.task_id for task in releases[:20]), "1"]


def test_a_lookup_by_id_has_no_matches() -> None:
    async def main() -> TaskReport:
        query = LookupQuery(ids=(RequestedId("14"),), products=ALL)
        return (await instance_over(account_with(WORLD)).lookup(query)).report

    assert [task.match for task in run(main()).tasks] == [None]


@pytest.mark.parametrize("asked", ["http://A.com:80/img/logo%402x.png", "http://a.com/img/./logo@2x.png"])
def test_a_url_is_found_in_other_spellings_case_u1(asked: str) -> None:
    page, _ = listed([Added("cdn", "1", ("http://a.com/img/logo@2x.png",))], object_paths=(asked,))
    assert [(task.task_id, task.match) for task in page.tasks] == [("1", "exact")]
    assert [task.task_id for task in followed([Added("cdn", "1", (asked,))], "cdn", asked).tasks] == ["1"]


@pytest.mark.parametrize("path", ["https://a.com/img/logo.png", "https://a.com/img/"])
def test_the_other_scheme_is_another_url_and_named_where_it_alone_has_tasks_case_u1(path: str) -> None:
    other = Added("cdn", "1", (path,), "directory" if path.endswith("/") else "file")
    page, _ = listed([other], object_paths=(URL,))
    assert (page.tasks, page.other_scheme) == ((), "https://a.com/img/logo.png")
    assert listed([other, EXACT], object_paths=(URL,))[0].other_scheme is None
    assert listed([other], object_paths=("http://b.com/img/logo.png",))[0].other_scheme is None


def test_nothing_is_asked_of_another_scheme_for_a_caller_who_may_not_see_the_host() -> None:
    page, calls = listed(
        [Added("cdn", "1", ("https://a.com/img/logo.png",))],
        object_paths=(URL,),
        scope=Scope(domains=frozenset({"b.com"})),
    )
    assert (page.other_scheme, calls) == (None, [])


def test_the_other_scheme_is_named_for_what_the_caller_may_see_only() -> None:
    anywhere = Added("cdn", "1", ("https://.*/img/logo.png",), "regex")
    assert listed([anywhere], object_paths=(URL,))[0].other_scheme == "https://a.com/img/logo.png"
    narrow = Scope(domains=frozenset({"a.com"}))
    assert listed([anywhere], object_paths=(URL,), scope=narrow)[0].other_scheme is None


def test_the_other_scheme_is_not_named_where_a_page_before_had_tasks() -> None:
    async def main() -> TaskList:
        account = account_with([EXACT, msgspec.structs.replace(EXACT, task_id="15")])
        account.tasks.add("cdn", ["https://a.com/img/logo.png"])
        query = ListQuery(products=ALL, object_paths=(URL,), page_size=1)
        first = (await instance_over(account).list(query)).page
        account.tasks.remove("vod", EXACT.task_id)
        query = msgspec.structs.replace(query, page_token=first.next_page_token)
        return (await instance_over(account).list(query)).page

    page = run(main())
    assert (page.tasks, page.other_scheme) == ((), None)


@pytest.mark.parametrize("asked", [".example.com", "*.example.com", "*.EXAMPLE.com."])
def test_a_wildcard_domain_has_many_hosts_case_u2(asked: str) -> None:
    hosts = ("img.example.com", "a.b.example.com", "example.com", "other.com")
    tasks = [Added("cdn", str(number), (f"http://{host}/x",), age=99) for number, host in enumerate(hosts)]
    crowd = [Added("cdn", str(number), ("http://other.com/x",)) for number in range(10, 1_010)]
    for world in (tasks, [*crowd, *tasks]):  # chosen here, and by the vendor
        page, _ = listed(world, products=("cdn",), domain_name=asked)
        assert {task.task_id for task in page.tasks} == {"0", "1"}


@pytest.mark.parametrize("asked", ["img.example.com.", "IMG.example.com"])
def test_a_domain_is_found_however_it_is_written_case_u2(asked: str) -> None:
    page, _ = listed([Added("cdn", "1", ("http://img.example.com/x",))], products=("cdn",), domain_name=asked)
    assert [task.task_id for task in page.tasks] == ["1"]


@pytest.mark.parametrize(
    ("asked", "name"), [("*.example.com", ".example.com"), ("img.example.com.", "img.example.com")]
)
def test_the_vendor_is_asked_for_a_domain_by_the_consoles_name_case_u2(asked: str, name: str) -> None:
    tasks = [Added("cdn", str(number), ("http://other.com/x",)) for number in range(1_000)]
    _, calls = listed(tasks, products=("cdn",), domain_name=asked)
    assert {call["DomainName"] for call in calls if "DomainName" in call} == {name}
