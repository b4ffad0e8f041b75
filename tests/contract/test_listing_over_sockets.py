"""Lists and quotas through the official SDKs, on real sockets."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from emulator.testing import Emulator, Refuse, Row, Throttle
from functions.model import Status
from functions.tasks.query import ListQuery
from functions.tasks.report import Task
from tests.support.real_service import LIFTED, RealService, real_service

ALL = ("cdn", "dcdn", "vod")


def listed(real: RealService, query: ListQuery) -> list[Task]:
    """Every page."""
    tasks: list[Task] = []
    token: str | None = None
    for _ in range(100):
        page = real.run(real.service.list(msgspec.structs.replace(query, page_token=token))).page
        assert page.problems == ()
        tasks += page.tasks
        token = page.next_page_token
        if token is None:
            return tasks
    raise AssertionError("the list does not end")


def world(emu: Emulator) -> dict[str, list[str]]:
    """Too many tasks for a page of each product, with one that has failed deep down."""
    emu.reset()
    for product in ALL:
        for task in emu.tasks.all(product):
            emu.tasks.remove(product, task.task_id)
    made = {product: [emu.tasks.add(product, [f"http://a.com/{n}"], age=60 + n) for n in range(120)] for product in ALL}
    for product in ALL:
        made[f"{product} failed"] = [
            emu.tasks.add(
                product, [Row("http://img.a.com/f", "Failed", 25, "Origin Timeout"), "http://img.a.com/g"], age=900
            )
        ]
    return made


@pytest.mark.parametrize("inclusive", [False, True])
def test_all_tasks_of_all_products_newest_first(emu: Emulator, inclusive: bool) -> None:
    world(emu)
    emu.tasks.end_time_inclusive = inclusive
    emu.limits.lift()
    expected = sorted(
        (-task.created_at, ALL.index(product), -int(task.task_id)) for product in ALL for task in emu.tasks.all(product)
    )
    with real_service(emu, None, **LIFTED) as real:
        tasks = listed(real, ListQuery(products=ALL, page_size=50))
    assert [(ALL.index(task.product), -int(task.task_id)) for task in tasks] == [entry[1:] for entry in expected]
    assert not any(call.code for call in emu.calls.all())


def test_what_failed_on_a_domain_is_found_whole_in_every_product(emu: Emulator) -> None:
    made = world(emu)
    with real_service(emu) as real:
        tasks = listed(real, ListQuery(products=ALL, statuses=(Status.FAILED,), domain_name="img.a.com"))
    assert {(task.id, task.status, task.object_counts.total) for task in tasks} == {
        (f"{product}:{made[f'{product} failed'][0]}", "failed", 2) for product in ALL
    }
    assert not any(call.code for call in emu.calls.all())


def test_a_url_is_found_by_one_call_for_itself_and_one_for_each_type_that_can_cover_it(emu: Emulator) -> None:
    world(emu)
    with real_service(emu) as real:
        tasks = listed(real, ListQuery(products=ALL, object_paths=("http://a.com/7",)))
    assert [task.object_counts.total for task in tasks] == [1, 1, 1]
    assert [emu.calls.count(f"Describe{word}RefreshTasks") for word in ("", "Dcdn")] == [3, 3]


def test_a_throttled_list_is_asked_again_and_a_dead_product_is_a_problem(emu: Emulator) -> None:
    world(emu)
    emu.faults.add("DescribeRefreshTasks", Throttle(), times=1)
    emu.faults.add("DescribeVodRefreshTasks", Refuse(code="Forbidden.RAM", status=403))
    with real_service(emu) as real:
        page = real.run(real.service.list(ListQuery(products=ALL, page_size=3))).page
    assert [(problem.product, problem.reason) for problem in page.problems] == [("vod", "denied")]
    assert {task.product for task in page.tasks} == {"cdn", "dcdn"}


def test_hundred_viewers_of_a_list_cost_one_call_per_product(emu: Emulator) -> None:
    world(emu)
    with real_service(emu, fresh_seconds=5) as real:

        async def crowd() -> int:
            answers = await asyncio.gather(*(real.service.list(ListQuery(products=ALL)) for _ in range(100)))
            return sum(len(answer.page.tasks) for answer in answers)

        assert real.run(crowd()) == 2_000
    assert emu.calls.count() == 3


def test_quotas_come_as_figures(emu: Emulator) -> None:
    emu.limits.set_quota("cdn", "url", 10_000, used=12)
    with real_service(emu) as real:
        report = real.run(real.service.quota()).report
    left = {(quota.product, quota.kind): quota.remaining for quota in report.quotas}
    assert left["cdn", "url"] == 9_988
    assert left["vod", "block"] == 300
    assert report.problems == ()
