"""Lists over all products: their cost, their faults, what is whole, where they go on (docs/vendor.md 1.2, 1.5, 1.6)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from emulator.tasks.transition import Row, Transition
from functions.errors import InvalidRequest, Reason, UpstreamFault
from functions.model import Status
from functions.products.cdn import CDN
from functions.settings import AuthSettings, Settings, read_settings
from functions.tasks.query import ListQuery, LookupQuery, RequestedId, Scope
from functions.tasks.results import NothingAnswered
from functions.tasks.service import TaskService
from functions.upstream.call_scope import CallScope
from functions.upstream.sdk_errors import fault_of
from tests.support.virtual_service import ALL, MANY_PAGES, Account, SdkError, all_pages, instance_over
from tests.support.virtual_time import EPOCH, run

BAD = (Status.FAILED, Status.TIMEOUT, Status.CANCELED)
LISTS = {"cdn": "DescribeRefreshTasks", "dcdn": "DescribeDcdnRefreshTasks", "vod": "DescribeVodRefreshTasks"}
BUSY = 150
"""More rows than a page of any product shows."""
CROWDED = 1_000
"""So many rows that it takes fewer calls to ask for each type, or each state, than to read all pages."""


def asking(**filters: Any) -> ListQuery:
    return ListQuery(**{"products": ALL, **filters})


def after(query: ListQuery, token: str | None) -> ListQuery:
    assert token is not None
    return msgspec.structs.replace(query, page_token=token)


def ago(**span: float) -> datetime:
    return datetime.fromtimestamp(EPOCH, UTC) - timedelta(**span)


def fill(
    account: Account, product: str, tasks: int, *, rows: int = 1, every: float = 1.0, born: float = 0.0, **more: Any
) -> list[str]:
    """Tasks with rows of their own, the newest first; one each `every` seconds, the first `born` seconds ago."""
    return [
        account.tasks.add(
            product, [f"http://a.com/{number}/{row}" for row in range(rows)], age=born + number * every, **more
        )
        for number in range(tasks)
    ]


def refusal(question: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as raised:
        run(question)
    return raised.value


class Hanging(Account):
    """An account one action of which is never answered."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action = action

    async def call(self, operation: Any, parameters: Any, seconds: float) -> Any:
        if operation.action == self._action:
            await asyncio.sleep(seconds)
            raise UpstreamFault(Reason.TIMEOUT, product=operation.product)
        return await super().call(operation, parameters, seconds)


# What it costs.


@pytest.mark.parametrize("filters", [{}, {"domain_name": "a.com"}, {"statuses": BAD}, {"statuses": (Status.PENDING,)}])
def test_a_small_account_costs_one_call_per_product_whatever_is_asked(filters: dict[str, Any]) -> None:
    async def main() -> None:
        account = Account()
        for product in ALL:
            fill(account, product, 40)
        await all_pages(instance_over(account), asking(page_size=7, **filters))
        assert account.list_calls == len(ALL)

    run(main())


@pytest.mark.parametrize(
    ("products", "rows_a_task", "rows"),
    [(("cdn",), 1, 3_000), (("cdn",), 20, 10_000), (ALL, 1, 3_000), (ALL, 7, 10_000)],
)
def test_thousands_of_rows_cost_their_pages_and_one_call_more_per_product(
    products: tuple[str, ...], rows_a_task: int, rows: int
) -> None:
    async def main() -> None:
        account = Account()
        tasks = rows // rows_a_task // len(products)
        for product in products:
            fill(account, product, tasks, rows=rows_a_task, every=20.0 * rows_a_task)
        service = instance_over(account)
        query, held, listed = asking(products=products, page_size=100), [], 0
        for _ in range(MANY_PAGES):
            page = (await service.list(query)).page
            listed += len(page.tasks)
            held.append(service._lister._read_ahead._kept.currsize)
            if page.next_page_token is None:
                break
            query = after(query, page.next_page_token)
        assert listed == tasks * len(products)
        pages = {"cdn": 100, "dcdn": 50, "vod": 50}
        assert account.list_calls <= sum(tasks * rows_a_task / pages[product] + 1 for product in products)
        assert max(held) < 50_000

    run(main())


def test_a_page_of_twenty_is_served_from_what_was_read_ahead() -> None:
    async def main() -> None:
        account = Account()
        for product in ALL:
            fill(account, product, 300)
        service, query = instance_over(account), asking(page_size=20)
        first = await service.list(query)
        asked = account.list_calls
        second = await service.list(after(query, first.page.next_page_token))
        again = await service.list(after(query, first.page.next_page_token))
        assert account.list_calls == asked
        assert second.page == again.page
        assert second.timings == ()

    run(main())


def test_a_task_that_moves_is_asked_anew_when_it_was_read_ahead() -> None:
    async def main() -> None:
        account = Account()
        fill(account, "cdn", 30, transition=Transition(by="seconds", length=100))
        service, query = instance_over(account), asking(page_size=20)
        first = await service.list(query)
        await asyncio.sleep(20)
        second = (await service.list(after(query, first.page.next_page_token))).page
        assert {task.status for task in second.tasks} == {"running"}
        assert {task.checked_at for task in second.tasks} == {"2026-11-22T03:30:20.020Z"}
        assert account.calls == {
            "DescribeRefreshTasks": 1,
            "DescribeDcdnRefreshTasks": 1,
            "DescribeVodRefreshTasks": 1,
            "DescribeRefreshTaskById": 1,
        }

    run(main())


def test_a_crowd_with_the_same_question_costs_one_call_per_product() -> None:
    async def main() -> None:
        account = Account()
        fill(account, "cdn", 5)
        service = instance_over(account)
        pages = await asyncio.gather(*(service.list(asking(page_size=number % 100 + 1)) for number in range(200)))
        assert all(answer.page.tasks for answer in pages)
        assert account.list_calls == len(ALL)

    run(main())


def test_one_asker_who_leaves_does_not_take_the_answer_from_the_others() -> None:
    async def main() -> None:
        account = Account()
        fill(account, "cdn", 5)
        service = instance_over(account)
        impatient, patient = (asyncio.ensure_future(service.list(asking())) for _ in range(2))
        await asyncio.sleep(account.latency / 2)
        impatient.cancel()
        assert len((await patient).page.tasks) == 5
        assert account.list_calls == len(ALL)

    run(main())


def test_the_vendor_is_never_asked_more_often_than_it_allows() -> None:
    async def main() -> None:
        account = Account()  # its limits are on: a call too many would be refused, and asked again
        for product in ALL:
            fill(account, product, BUSY)
        service = instance_over(account)
        answer = await service.list(asking(statuses=BAD))
        assert answer.page.problems == ()
        assert {report.throttles for report in service.figures()} == {0}
        assert {timing.product: timing.calls for timing in answer.timings} == {
            "cdn": 2,  # all rows: fewer pages than types
            "dcdn": 4,
            "vod": 4,
        }

    run(main())


def test_in_a_crowded_account_each_type_is_asked_for_and_each_state_only_where_a_type_has_many_rows() -> None:
    async def main() -> None:
        account = Account()
        for product in ("cdn", "dcdn"):
            fill(account, product, CROWDED)
        answer = await instance_over(account).list(asking(products=("cdn", "dcdn"), statuses=BAD))
        assert {timing.product: timing.calls for timing in answer.timings} == {"cdn": 1 + 6 + 3, "dcdn": 1 + 4 + 3}
        assert answer.page.next_page_token is None

    run(main())


def test_a_status_nobody_can_filter_by_is_looked_for_with_bounded_calls_a_page() -> None:
    async def main() -> None:
        account = Account()
        fill(account, "cdn", 6_000)
        last = account.tasks.add("cdn", [Row("http://a.com/p", "Pending", 0)], age=7_000)
        service, query = instance_over(account), asking(products=("cdn",), statuses=(Status.PENDING,))
        answer = await service.list(query)
        assert answer.page.tasks == ()
        assert answer.page.next_page_token is not None
        assert sum(timing.calls for timing in answer.timings) <= 40
        assert [task.task_id for task in await all_pages(service, query)] == [last]

    run(main())


def test_prefetches_are_asked_for_by_their_type_and_nothing_else_is_read() -> None:
    async def main() -> None:
        account = Account()
        fill(account, "cdn", BUSY)
        late = account.tasks.add("cdn", ["http://a.com/p"], object_type="preload", age=BUSY)
        tasks = await all_pages(instance_over(account), asking(products=("cdn",), action="preload"))
        assert [task.task_id for task in tasks] == [late]
        assert [parameters["ObjectType"] for _, parameters in account.log] == ["preload"]

    run(main())


def test_a_list_up_to_now_names_no_times_and_one_that_ends_before_reads_nothing_newer() -> None:
    async def main() -> None:
        account = Account()
        ids = fill(account, "cdn", 2 * BUSY)
        query = asking(products=("cdn",), page_size=5)
        newest = (await instance_over(account).list(query)).page
        older = (await instance_over(account).list(msgspec.structs.replace(query, end=ago(seconds=BUSY)))).page
        assert [[task.task_id for task in page.tasks] for page in (newest, older)] == [ids[:5], ids[BUSY + 1 :][:5]]
        assert ["EndTime" in parameters for _, parameters in account.log] == [False, True]

    run(main())


def test_a_question_that_costs_too_much_is_refused_with_what_to_narrow() -> None:
    async def main() -> None:
        await instance_over(Account()).list(asking(object_paths=tuple(f"http://a.com/{n}" for n in range(12))))

    faults = refusal(main()).faults
    assert [fault.parameter for fault in faults] == ["objectPath", "product"]
    assert "41 vendor calls" in faults[0].detail  # 12 URLs, directories and regex; VOD cannot be asked for those
    assert "at most 11 URLs" in faults[0].detail


def test_where_the_rate_is_too_low_for_many_lists_one_list_is_read_instead() -> None:
    async def main() -> None:
        account = Account()
        fill(account, "cdn", BUSY)
        late = account.tasks.add("cdn", [Row("http://a.com/f", "Failed", 1)], age=BUSY)
        slow = Settings(instances=10)
        tasks = await all_pages(instance_over(account, slow), asking(products=("cdn",), statuses=BAD))
        assert [task.task_id for task in tasks] == [late]
        assert account.list_calls == 2

    run(main())


# What the vendor is asked.


def test_the_couplings_of_parameters_are_kept() -> None:
    async def main() -> None:
        account = Account()
        for product in ALL:
            fill(account, product, CROWDED)
        await all_pages(instance_over(account), asking(domain_name="A.com", page_size=100))
        await all_pages(instance_over(account), asking(statuses=(Status.RUNNING,), start=ago(hours=1)))
        for _, parameters in account.log:
            narrows = {"DomainName", "Status"} & parameters.keys()
            assert not narrows or "ObjectType" in parameters
            assert ("StartTime" in parameters) == ("EndTime" in parameters)
        asked = [
            (action, parameters.get("ObjectType")) for action, parameters in account.log if "DomainName" in parameters
        ]
        for product, action in LISTS.items():
            types = instance_over(account)._products[product].spec.listing.object_types
            assert {word for name, word in asked if name == action} == set(types)

    run(main())


def test_one_time_without_the_other_is_completed() -> None:
    async def main() -> None:
        account = Account()
        ids = fill(account, "cdn", 10, every=60)
        service = instance_over(account)
        since = await all_pages(service, asking(start=ago(seconds=121)))
        until = await all_pages(service, asking(end=ago(seconds=120)))
        assert [task.task_id for task in since] == ids[:3]
        assert [task.task_id for task in until] == ids[3:]

    run(main())


def test_a_range_outside_the_three_days_names_every_time_that_is() -> None:
    async def main() -> None:
        await instance_over(Account()).list(asking(start=ago(days=5), end=ago(days=4)))

    faults = refusal(main()).faults
    assert [fault.parameter for fault in faults] == ["startTime", "endTime"]
    assert all("3 days" in fault.detail and "2026-11-19T03:30:00Z" in fault.detail for fault in faults)


def test_three_days_by_the_callers_clock_are_not_refused_for_arriving_later() -> None:
    async def main() -> None:
        account = Account()
        kept = account.tasks.add("cdn", ["http://a.com/old"], age=3 * 86_400 - 120)
        tasks = await all_pages(instance_over(account), asking(start=ago(days=3, seconds=1)))
        assert [task.task_id for task in tasks] == [kept]

    run(main())


def test_a_start_in_the_future_is_refused_and_an_empty_range_is_empty() -> None:
    async def later() -> None:
        await instance_over(Account()).list(asking(start=ago(hours=-1)))

    async def empty() -> None:
        account = Account()
        within_a_second = asking(start=ago(seconds=9.8), end=ago(seconds=9.2))
        assert (await instance_over(account).list(within_a_second)).page.tasks == ()
        assert account.list_calls == 0

    assert refusal(later()).faults[0].parameter == "startTime"
    run(empty())


def test_type_and_action_that_exclude_each_other_ask_nobody() -> None:
    async def main() -> None:
        account = Account()
        fill(account, "cdn", 3)
        assert await all_pages(instance_over(account), asking(object_types=("file",), action="preload")) == []
        assert account.list_calls == 0

    run(main())


# More in one second than a page holds.


@pytest.mark.parametrize("page_size", [1, 7, 100])
@pytest.mark.parametrize("instances", ["the same instance", "another each time"])
def test_more_tasks_in_one_second_than_a_page_holds(page_size: int, instances: str) -> None:
    async def main() -> None:
        account = Account(limits=False)
        expected = [account.tasks.add("cdn", [f"http://a.com/{n}"], age=5) for n in range(230)]
        service, query, listed = instance_over(account, FAST), asking(page_size=page_size), []
        for _ in range(MANY_PAGES):
            page = (await service.list(query)).page
            listed += [task.task_id for task in page.tasks]
            if page.next_page_token is None:
                break
            query = after(query, page.next_page_token)
            if instances == "another each time":
                service = instance_over(account, FAST)
        assert listed == expected[::-1]

    run(main())


def test_the_vendor_judges_the_domain_of_rows_whose_host_cannot_be_told() -> None:
    async def main() -> None:
        account = Account()
        mine = fill(account, "cdn", 3)
        account.tasks.add("cdn", ["^/img/.*"], object_type="regex", age=1)
        tasks = await all_pages(instance_over(account), asking(products=("cdn",), domain_name="a.com"))
        assert [task.task_id for task in tasks] == mine
        assert account.list_calls == 1 + len(CDN.listing.object_types)

    run(main())


def test_a_second_with_more_rows_than_one_answer_may_read_still_gets_on_from_instance_to_instance() -> None:
    async def main() -> None:
        account = Account()
        full = fill(account, "dcdn", 280, rows=10, every=0, born=5)
        full += fill(account, "dcdn", 1, born=6)
        listed: list[str] = []
        query, answers = asking(products=("dcdn",), page_size=100), 0
        for _ in range(MANY_PAGES):
            page = (await instance_over(account).list(query)).page
            listed += [task.task_id for task in page.tasks]
            assert all(task.object_counts.total in {10, 1} and not task.partial for task in page.tasks)
            answers += 1
            if page.next_page_token is None:
                break
            query = after(query, page.next_page_token)
        assert sorted(listed) == sorted(full)
        assert answers > 1

    run(main())


FAST = Settings(account_qps=dict.fromkeys(read_settings({}).account_qps, 1_000.0))


@pytest.mark.parametrize("every", [1, 0], ids=["a second each", "one second"])
@pytest.mark.parametrize("instances", ["the same instance", "another each time"])
def test_tasks_that_leave_the_filter_between_pages_take_no_other_with_them(every: int, instances: str) -> None:
    async def main() -> None:
        account = Account(limits=False)
        ids = fill(account, "cdn", 760, every=every)
        for task_id in ids:
            move(account, task_id, "Refreshing")
        service, query, listed = instance_over(account, FAST), asking(statuses=(Status.RUNNING,), page_size=80), []
        for _ in range(MANY_PAGES):
            page = (await service.list(query)).page
            listed += [task.task_id for task in page.tasks]
            if page.next_page_token is None:
                break
            for task in page.tasks[::2]:
                move(account, task.task_id, "Complete")
            query = after(query, page.next_page_token)
            if instances == "another each time":
                service = instance_over(account, FAST)
        assert sorted(listed) == sorted(ids)

    run(main())


def move(account: Account, task_id: str, status: str) -> None:
    task = account.tasks.get("cdn", task_id)
    assert task is not None
    for row in task.rows:
        account.tasks.set_row("cdn", task_id, row.object_path, status=status)


@pytest.mark.parametrize("changes_at", [0, 3, 10, 12])
def test_a_second_too_full_for_one_state_is_listed_once_whatever_states_it_holds(changes_at: int) -> None:
    async def main() -> None:
        account = Account(limits=False)
        words = ("Failed", "Timeout", "Complete", *["Canceled"] * 37)
        bad = {
            account.tasks.add("cdn", [Row(f"http://a.com/{n}", words[n % 40], 1)], task_id=scattered(n), age=5)
            for n in range(1_500)
            if words[n % 40] != "Complete" or not account.tasks.add("cdn", ["http://a.com/fine"], age=5)
        }
        service, query, listed = instance_over(account, FAST), asking(statuses=BAD, page_size=100), []
        for number in range(MANY_PAGES):
            page = (await service.list(query)).page
            listed += [task.task_id for task in page.tasks]
            if page.next_page_token is None:
                break
            query = after(query, page.next_page_token)
            if changes_at in {0, number + 1}:
                service = instance_over(account, FAST)
        assert sorted(listed) == sorted(bad)

    run(main())


def scattered(number: int) -> str:
    """An id that says nothing of where the vendor shows its task."""
    return str(1_000_000 + number * 7_919 % 10_007)


def test_a_second_that_becomes_less_full_between_pages_loses_nothing() -> None:
    async def main() -> None:
        account = Account(limits=False)
        ids = [
            account.tasks.add("cdn", [Row(f"http://a.com/{n}", "Refreshing", 1)], task_id=scattered(n), age=5)
            for n in range(1_200)
        ]
        query, listed = asking(statuses=(Status.RUNNING,), page_size=100), []
        first = (await instance_over(account, FAST).list(query)).page
        for task_id in ids[50:]:
            move(account, task_id, "Complete")
        listed = [task.task_id for task in first.tasks]
        rest = await all_pages(instance_over(account, FAST), after(query, first.next_page_token))
        listed += [task.task_id for task in rest]
        assert set(ids[:50]) <= set(listed)
        assert len(listed) == len(set(listed))

    run(main())


def test_a_task_that_goes_from_one_wanted_state_to_another_is_not_missed_in_both() -> None:
    async def main() -> None:
        account = Account(limits=False)
        ids = fill(account, "cdn", 400)
        for task_id in ids:
            move(account, task_id, "Refreshing")
        service, query = instance_over(account, FAST), asking(statuses=(Status.RUNNING, Status.FAILED), page_size=100)
        first = (await service.list(query)).page
        second = (await service.list(after(query, first.next_page_token))).page
        for task_id in ids[350:]:
            move(account, task_id, "Failed")
        rest = await all_pages(service, after(query, second.next_page_token))
        assert [task.task_id for task in (*first.tasks, *second.tasks, *rest)] == ids

    run(main())


def test_where_a_page_ended_means_nothing_for_other_seconds() -> None:
    async def main() -> None:
        account = Account()
        ended, beside = (
            account.tasks.add("cdn", [Row(f"http://a.com/{n}", "Refreshing", 1)], task_id=str(n), age=5)
            for n in (500, 300)
        )
        older = account.tasks.add("cdn", [Row("http://a.com/o", "Refreshing", 1)], task_id="900", age=9)
        query = asking(statuses=(Status.RUNNING,), page_size=1)
        first = (await instance_over(account).list(query)).page
        assert [task.task_id for task in first.tasks] == [ended]
        for task_id in (ended, beside):
            account.tasks.remove("cdn", task_id)
        rest = await all_pages(instance_over(account), after(query, first.next_page_token))
        assert [task.task_id for task in rest] == [older]

    run(main())


def test_a_task_that_lies_in_several_parts_of_a_second_is_listed_once() -> None:
    async def main() -> None:
        account = Account(limits=False)
        account.faults["DescribeRefreshTaskById"] = UpstreamFault(Reason.DENIED, product="cdn")
        ids = [
            account.tasks.add("cdn", [f"http://a.com/{n}/{r}" for r in range(1_300)], task_id=scattered(n), age=5)
            for n in range(4)
        ]
        query, listed = asking(page_size=1), []
        for _ in range(MANY_PAGES):
            page = (await instance_over(account, FAST).list(query)).page
            listed += [task.task_id for task in page.tasks]
            if page.next_page_token is None:
                break
            query = after(query, page.next_page_token)
        assert sorted(listed) == sorted(ids)

    run(main())


@pytest.mark.parametrize("every", [5, 0], ids=["a second each", "one second"])
def test_pages_that_one_task_fills_are_skipped_once_its_rows_are_known_by_id(every: int) -> None:
    async def main() -> None:
        account = Account()
        newer = fill(account, "cdn", 3)
        large = fill(account, "cdn", 4, rows=1_990, every=every, born=10)
        older = fill(account, "cdn", 3, every=20, born=60)
        tasks = (await instance_over(account).list(asking(products=("cdn",), objects=1))).page.tasks
        assert {task.task_id for task in tasks} == {*newer, *large, *older}
        assert {task.object_counts.total for task in tasks} == {1, 1_990}
        assert not any(task.partial for task in tasks)
        assert account.list_calls <= 2 * len(large) + 3

    run(main())


def test_where_an_id_costs_its_pages_a_large_task_is_not_looked_up_to_skip_them() -> None:
    async def main() -> None:
        account = Account()
        (large,) = fill(account, "vod", 1, rows=400)
        tasks = (await instance_over(account).list(asking(products=("vod",), objects=1))).page.tasks
        assert [task.task_id for task in tasks] == [large]
        assert account.calls.total() == account.list_calls == 8 + 1

    run(main())


def test_a_lookup_that_hangs_delays_a_list_by_a_moment_only() -> None:
    async def main() -> None:
        account = Hanging("DescribeRefreshTaskById")
        (large,) = fill(account, "cdn", 1, rows=990)
        tasks = (await instance_over(account).list(asking(products=("cdn",)))).page.tasks
        assert [task.task_id for task in tasks] == [large]
        assert asyncio.get_running_loop().time() < 4

    run(main())


def test_where_ids_cannot_be_asked_a_large_task_is_read_page_by_page() -> None:
    async def main() -> None:
        account = Account()
        (large,) = fill(account, "cdn", 1, rows=990)
        older = fill(account, "cdn", 3, born=60)
        account.faults["DescribeRefreshTaskById"] = UpstreamFault(Reason.DENIED, product="cdn")
        tasks = (await instance_over(account).list(asking(products=("cdn",)))).page.tasks
        assert [task.task_id for task in tasks] == [large, *older]
        assert account.list_calls == 10

    run(main())


def test_what_was_read_before_a_product_failed_need_not_be_read_again() -> None:
    async def main() -> None:
        account = Account()
        fill(account, "vod", 40)
        fill(account, "vod", 1_000, every=0, born=60)
        service, query = instance_over(account), asking(products=("vod",), page_size=40)
        token = (await service.list(query)).page.next_page_token
        failing = asyncio.ensure_future(service.list(after(query, token)))
        await asyncio.sleep(0.9)
        account.faults[LISTS["vod"]] = UpstreamFault(Reason.UNAVAILABLE, product="vod")
        with pytest.raises(NothingAnswered):
            await failing
        account.faults.clear()
        read = max(parameters["PageNumber"] for _, parameters in account.log)
        account.log.clear()
        await service.list(after(query, token))
        assert min(parameters["PageNumber"] for _, parameters in account.log) == read

    run(main())


# Whole tasks.


def test_a_filter_shows_whole_tasks_where_ten_ids_are_asked_at_once() -> None:
    async def main() -> None:
        account = Account()
        fill(account, "cdn", CROWDED)
        wanted = [
            account.tasks.add("cdn", [Row(f"http://a.com/bad/{n}", "Failed", 1), f"http://b.com/{n}"], age=CROWDED + n)
            for n in range(20)
        ]
        answer = await instance_over(account).list(asking(statuses=(Status.FAILED,)))
        assert [task.task_id for task in answer.page.tasks] == wanted
        assert {(task.status, task.object_counts.total, task.partial) for task in answer.page.tasks} == {
            ("failed", 2, False)
        }
        assert account.calls["DescribeRefreshTaskById"] == 2

    run(main())


def test_where_an_id_costs_a_call_only_some_are_completed_and_the_others_say_so() -> None:
    async def main() -> None:
        account = Account()
        fill(account, "vod", CROWDED)
        for n in range(12):
            account.tasks.add("vod", [Row(f"http://a.com/bad/{n}", "Failed", 1), f"http://b.com/{n}"], age=CROWDED + n)
        tasks = (await instance_over(account).list(asking(products=("vod",), statuses=(Status.FAILED,)))).page.tasks
        whole, partial = tasks[:10], tasks[10:]
        assert {(task.status, task.partial, task.object_counts.total) for task in whole} == {("failed", False, 2)}
        assert {(task.status, task.partial, task.done, task.progress) for task in partial} == {
            ("unknown", True, False, None)
        }

    run(main())


def test_a_whole_listing_answers_lookups_and_a_partial_one_never_does() -> None:
    async def main() -> None:
        account = Account()
        done = account.tasks.add("cdn", ["http://a.com/1"], age=1_000)
        service = instance_over(account)
        await service.list(asking())
        report = (await service.lookup(lookup_of(done))).report
        assert report.tasks[0].status == "complete"
        assert account.calls["DescribeRefreshTaskById"] == 0
        fill(account, "vod", CROWDED)
        torn = [
            account.tasks.add("vod", [Row("http://a.com/f", "Failed", 1), "http://b.com/f"], age=500 + n)
            for n in range(11)
        ]
        await asyncio.sleep(1)
        partial = (await service.list(asking(products=("vod",), statuses=(Status.FAILED,)))).page.tasks[-1]
        assert (partial.task_id, partial.partial) == (torn[-1], True)
        assert (await service.lookup(lookup_of(torn[-1]))).report.tasks[0].object_counts.total == 2

    run(main())


def test_what_lookups_know_completes_a_listing_without_a_call() -> None:
    async def main() -> None:
        account = Account()
        known = account.tasks.add("cdn", [Row("http://a.com/f", "Failed", 1), "http://b.com/1"], age=1_000)
        service = instance_over(account)
        await service.lookup(lookup_of(known))
        before = account.calls["DescribeRefreshTaskById"]
        (task,) = (await service.list(asking(object_paths=("http://a.com/f",)))).page.tasks
        assert (task.task_id, task.object_counts.total, task.partial) == (known, 2, False)
        assert account.calls["DescribeRefreshTaskById"] == before

    run(main())


def test_what_a_lookup_learned_later_is_not_undone_by_what_was_read_ahead() -> None:
    async def main() -> None:
        account = Account()
        ids = fill(account, "vod", 30, transition=Transition(by="seconds", length=100))
        service, query = instance_over(account), asking(page_size=20)
        first = (await service.list(query)).page
        await asyncio.sleep(20)
        looked_up = (await service.lookup(lookup_of(ids[25]))).report.tasks[0]
        shown = (await service.list(after(query, first.next_page_token))).page.tasks[5]
        assert (shown.task_id, shown.checked_at) == (ids[25], looked_up.checked_at)

    run(main())


def lookup_of(task_id: str) -> LookupQuery:
    return LookupQuery(ids=(RequestedId(task_id),), products=ALL)


def test_a_hidden_row_neither_lists_a_task_nor_shows_itself() -> None:
    async def main() -> None:
        account = Account()
        account.tasks.add("cdn", [Row("http://hidden.com/f", "Failed", 1), "http://a.com/1"], age=9)
        mine = account.tasks.add("cdn", [Row("http://a.com/f", "Failed", 1), "http://hidden.com/1"], age=8)
        scope = Scope(domains=frozenset({"a.com"}))
        tasks = await all_pages(instance_over(account), asking(statuses=(Status.FAILED,), scope=scope))
        assert [(task.task_id, task.object_counts.total) for task in tasks] == [(mine, 1)]

    run(main())


@pytest.mark.parametrize("scope", [Scope(products=frozenset()), Scope(domains=frozenset())])
def test_a_caller_who_may_see_nothing_costs_nothing(scope: Scope) -> None:
    async def main() -> None:
        account = Account()
        fill(account, "cdn", 3)
        assert (await instance_over(account).list(asking(scope=scope))).page.tasks == ()
        assert account.list_calls == 0

    run(main())


# What fails.


def test_a_product_that_fails_is_named_and_its_place_is_kept() -> None:
    async def main() -> None:
        account = Account()
        ids = {product: fill(account, product, 12) for product in ALL}
        service, query = instance_over(account), asking(page_size=100)
        account.faults[LISTS["dcdn"]] = UpstreamFault(Reason.UNAVAILABLE, product="dcdn", vendor_code="InternalError")
        page = (await service.list(query)).page
        assert [(problem.product, problem.reason) for problem in page.problems] == [("dcdn", "unavailable")]
        assert {task.product for task in page.tasks} == {"cdn", "vod"}
        with pytest.raises(NothingAnswered):
            await service.list(after(query, page.next_page_token))
        account.faults.clear()
        rest = (await service.list(after(query, page.next_page_token))).page
        assert [task.task_id for task in rest.tasks] == ids["dcdn"]
        assert rest.next_page_token is None

    run(main())


def test_a_product_that_fails_between_pages_goes_on_where_it_was() -> None:
    async def main() -> None:
        account = Account()
        expected = {f"{product}:{task_id}" for product in ALL for task_id in fill(account, product, BUSY)}
        service, query, listed = instance_over(account), asking(page_size=40), []
        for number in range(30):
            account.faults = {LISTS["cdn"]: UpstreamFault(Reason.TIMEOUT, product="cdn")} if number % 3 == 1 else {}
            page = (await service.list(query)).page
            listed += [task.id for task in page.tasks]
            if page.next_page_token is None:
                break
            query = after(query, page.next_page_token)
        assert len(listed) == len(set(listed))
        assert set(listed) == expected

    run(main())


def test_a_product_that_will_never_answer_does_not_keep_a_list_going_for_ever() -> None:
    async def main() -> None:
        account = Account()
        fill(account, "cdn", 3)
        account.faults[LISTS["vod"]] = UpstreamFault(Reason.DENIED, product="vod", vendor_code="Forbidden.RAM")
        page = (await instance_over(account).list(asking())).page
        assert [problem.reason for problem in page.problems] == ["denied"]
        assert page.next_page_token is None

    run(main())


def test_a_product_that_is_not_activated_has_no_tasks_and_that_is_an_answer() -> None:
    async def main() -> None:
        account = Account()
        account.faults[LISTS["vod"]] = UpstreamFault(Reason.NOT_ACTIVATED, product="vod", vendor_code="OperationDenied")
        page = (await instance_over(account).list(asking(products=("vod",)))).page
        assert ([problem.reason for problem in page.problems], page.tasks, page.next_page_token) == (
            ["not-activated"],
            (),
            None,
        )

    run(main())


def test_a_product_that_is_not_activated_is_asked_once_and_not_for_every_page() -> None:
    async def main() -> None:
        account = Account()
        expected = fill(account, "cdn", 60)
        account.faults[LISTS["vod"]] = UpstreamFault(Reason.NOT_ACTIVATED, product="vod", vendor_code="OperationDenied")
        tasks = await all_pages(instance_over(account), asking(products=("cdn", "vod")))
        assert [task.task_id for task in tasks] == expected
        assert account.calls[LISTS["vod"]] == 1

    run(main())


def test_a_product_that_hangs_is_left_in_time_to_complete_the_others_tasks() -> None:
    async def main() -> None:
        account = Hanging(LISTS["vod"])
        account.tasks.add("cdn", ["http://a.com/1", "http://b.com/1"], age=100)
        page = (
            await instance_over(account).list(asking(products=("cdn", "vod"), object_paths=("http://a.com/1",)))
        ).page
        assert [(task.partial, task.object_counts.total) for task in page.tasks] == [(False, 2)]
        assert [problem.reason for problem in page.problems] == ["timeout"]
        assert asyncio.get_running_loop().time() < Settings().deadline_seconds

    run(main())


def test_a_product_that_has_no_such_tasks_answers_beside_one_that_fails() -> None:
    async def main() -> None:
        account = Account()
        account.faults[LISTS["cdn"]] = UpstreamFault(Reason.DENIED, product="cdn")
        query = asking(products=("cdn", "vod"), object_paths=("http://a.com/1",), object_types=("regex",))
        page = (await instance_over(account).list(query)).page
        assert ([problem.reason for problem in page.problems], page.tasks) == (["denied"], ())

    run(main())


def test_where_only_lookups_fail_the_list_is_partial_and_says_why() -> None:
    async def main() -> None:
        account = Account()
        account.tasks.add("cdn", ["http://a.com/1", "http://b.com/1"], age=100)
        account.faults["DescribeRefreshTaskById"] = UpstreamFault(Reason.DENIED, product="cdn")
        page = (await instance_over(account).list(asking(object_paths=("http://a.com/1",)))).page
        assert [(task.partial, task.status, task.object_counts.total) for task in page.tasks] == [(True, "unknown", 1)]
        assert [(problem.product, problem.reason) for problem in page.problems] == [("cdn", "denied")]

    run(main())


class Picky(Account):
    """An account whose vendor refuses some parameters."""

    def __init__(self, refuses: dict[str, Any], code: str, reason: Reason = Reason.REJECTED) -> None:
        super().__init__()
        self.refuses = refuses
        self._fault = UpstreamFault(reason, product="cdn", vendor_code=code)

    async def call(self, operation: Any, parameters: Any, seconds: float) -> Any:
        if "RefreshTasks" in operation.action and all(
            parameters.get(name, "") == word for name, word in self.refuses.items()
        ):
            raise self._fault
        return await super().call(operation, parameters, seconds)


def test_a_list_that_got_past_tasks_that_do_not_match_goes_on_there_after_a_fault() -> None:
    async def main() -> None:
        account = Picky({"PageNumber": 3}, "Odd", Reason.MALFORMED)
        fill(account, "cdn", 2 * BUSY)
        late = account.tasks.add("cdn", [Row("http://a.com/p", "Pending", 0)], age=2 * BUSY)
        service, query = instance_over(account), asking(products=("cdn",), statuses=(Status.PENDING,))
        page = (await service.list(query)).page
        assert ([problem.reason for problem in page.problems], page.tasks) == (["malformed"], ())
        account.refuses = {"PageNumber": 99}
        calls = account.list_calls
        assert [task.task_id for task in await all_pages(service, after(query, page.next_page_token))] == [late]
        assert account.list_calls == calls + 2

    run(main())


@pytest.mark.parametrize(
    ("refuses", "code", "reason"),
    [
        ({"Status": "Timeout"}, "InvalidStatus.ValueNotSupported", Reason.REJECTED),
        ({"ObjectType": "block"}, "InvalidObjectType.ValueNotSupported", Reason.REJECTED),
        ({"DomainName": ""}, "Forbidden.RAM", Reason.DENIED),
    ],
)
def test_what_a_vendor_does_not_know_yet_is_asked_in_another_way(
    refuses: dict[str, str], code: str, reason: Reason
) -> None:
    async def main() -> None:
        account = Picky(refuses, code, reason)
        fill(account, "cdn", CROWDED)
        late = account.tasks.add("cdn", [Row("http://a.com/t", "Timeout", 1)], age=CROWDED)
        query = asking(products=("cdn",), statuses=(Status.TIMEOUT,), domain_name="a.com")
        tasks = await all_pages(instance_over(account), query)
        assert [task.task_id for task in tasks] == [late]

    run(main())


def test_a_parameter_that_the_vendor_refuses_is_the_callers_to_mend() -> None:
    async def main() -> None:
        account = Picky({"ObjectPath": "nonsense"}, "InvalidObjectPath.Malformed")
        await instance_over(account).list(asking(products=("cdn",), object_paths=("nonsense",)))

    assert [fault.parameter for fault in refusal(main()).faults] == ["objectPath"]


@pytest.mark.parametrize(
    ("code", "parameter"),
    [
        ("InvalidObjectPath.Malformed", "objectPath"),
        ("DomainNameOverLimit", "domainName"),
        ("InvalidTime", "startTime"),
        ("InvalidStartTime.Malformed", "startTime"),
        ("InvalidStartTime.ValueNotSupported", "startTime"),
        ("InvalidEndTime.Malformed", "endTime"),
        ("InvalidEndTime.Mismatch", "endTime"),
        ("InvalidEndTime.ValueNotSupported", "endTime"),
    ],
)
def test_a_refusal_names_the_parameter_that_the_vendors_code_is_about(code: str, parameter: str) -> None:
    async def main() -> None:
        account = Account()
        account.faults[LISTS["cdn"]] = UpstreamFault(Reason.REJECTED, product="cdn", vendor_code=code)
        await instance_over(account).list(asking(products=("cdn",)))

    (fault,) = refusal(main()).faults
    assert (fault.parameter, fault.detail) == (parameter, f"cdn refuses it: {code}")


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        *(
            (code, 400, Reason.REJECTED)
            for code in (
                "InvalidTaskId.Malformed",
                "InvalidObjectPath.Malformed",
                "MissingTimeParameter",
                "MissingParameter",
                "MissingParameter.ObjectType",
                "InvalidStartTime.Malformed",
                "InvalidEndTime.Malformed",
                "InvalidEndTime.Mismatch",
                "InvalidStartTime.ValueNotSupported",
                "InvalidEndTime.ValueNotSupported",
                "InvalidObjectType.ValueNotSupported",
                "InvalidStatus.ValueNotSupported",
                "InvalidParameters",
                "InvalidTime",
            )
        ),
        ("DomainNameOverLimit", 500, Reason.REJECTED),
        ("TooManyRequests", 429, Reason.THROTTLED),
        ("Throttling", 503, Reason.THROTTLED),
        ("OperationDenied", 403, Reason.NOT_ACTIVATED),
        ("OperationDenied.Suspended", 403, Reason.DENIED),
    ],
)
def test_every_code_that_a_list_documents_is_mapped(code: str, status: int, reason: Reason) -> None:
    scope = CallScope(0.0)
    scope.http_status = status
    fault = fault_of(SdkError({"Code": code, "Message": "…"}, status), scope, "cdn")
    assert (fault.reason, fault.vendor_code) == (reason, code)


# The page token.


async def _first_token(service: TaskService, query: ListQuery) -> str:
    token = (await service.list(query)).page.next_page_token
    assert token is not None
    return token


@pytest.mark.parametrize("position", range(0, 60, 7))
def test_a_token_that_was_changed_is_refused(position: int) -> None:
    async def main() -> None:
        account = Account()
        fill(account, "cdn", 30)
        service, query = instance_over(account), asking()
        token = await _first_token(service, query)
        other = "A" if token[position] != "A" else "B"
        await service.list(after(query, token[:position] + other + token[position + 1 :]))

    assert refusal(main()).reason == "page-token-invalid"


@pytest.mark.parametrize("token", ["x", "AAAA", "=", "A" * 1_000, "é"])
def test_a_token_of_ones_own_making_is_refused(token: str) -> None:
    async def main() -> None:
        await instance_over(Account()).list(asking(page_token=token))

    assert refusal(main()).reason == "page-token-invalid"


@pytest.mark.parametrize(
    "other",
    [
        {"products": ("cdn",)},
        {"domain_name": "a.com"},
        {"object_types": ("file",)},
        {"statuses": BAD},
        {"action": "refresh"},
        {"object_paths": ("http://a.com/1",)},
        {"start": ago(hours=1)},
        {"end": ago(seconds=1)},
        {"scope": Scope(domains=frozenset({"a.com"}))},
        {"scope": Scope(products=frozenset({"cdn"}))},
    ],
)
def test_a_token_belongs_to_its_question_and_scope(other: dict[str, Any]) -> None:
    async def main() -> None:
        account = Account()
        fill(account, "cdn", 30)
        service = instance_over(account)
        token = await _first_token(service, asking())
        await service.list(asking(page_token=token, **other))

    assert refusal(main()).reason == "page-token-invalid"


def test_the_size_of_pages_and_rows_may_differ_from_page_to_page() -> None:
    async def main() -> None:
        account = Account()
        ids = fill(account, "cdn", 30)
        service = instance_over(account)
        token = await _first_token(service, asking(page_size=20))
        rest = (await service.list(asking(page_token=token, page_size=3, objects=0))).page
        assert [task.task_id for task in rest.tasks] == ids[20:23]

    run(main())


def test_a_token_of_an_instance_with_another_secret_is_refused() -> None:
    async def main() -> None:
        account = Account()
        fill(account, "cdn", 30)
        secret = AuthSettings(mode="jwt", jwt_secret="s" * 32)
        token = await _first_token(instance_over(account, Settings(auth=secret)), asking())
        await instance_over(account, Settings(auth=AuthSettings(mode="jwt", jwt_secret="t" * 32))).list(
            asking(page_token=token)
        )

    assert refusal(main()).reason == "page-token-invalid"


def test_a_token_stays_short_whatever_the_question() -> None:
    async def main() -> None:
        account = Account()
        for product in ALL:
            for n in range(30):
                account.tasks.add(product, [f"http://a.com/{n}"], task_id=f"{n + 1:030d}"[::-1], age=7)
        token = await _first_token(instance_over(account), asking(page_size=1))
        assert len(token) < 400

    run(main())


def test_after_a_freeze_nothing_that_was_read_before_is_used() -> None:
    async def main() -> None:
        account = Account()
        ids = fill(account, "cdn", 30)
        service, query = instance_over(account), asking(products=("cdn",))
        token = await _first_token(service, query)
        service.after_freeze()
        rest = (await service.list(after(query, token))).page
        assert [task.task_id for task in rest.tasks] == ids[20:]
        assert account.list_calls == 2

    run(main())


def test_a_page_goes_on_where_it_ended_though_pages_of_vendor_and_caller_differ_in_size() -> None:
    assert CDN.listing.page_size == 100

    async def main() -> None:
        account = Account()
        ids = [f"{product}:{task_id}" for product in ("cdn", "dcdn") for task_id in fill(account, product, 120)]
        tasks = await all_pages(instance_over(account), asking(page_size=30))
        assert sorted(task.id for task in tasks) == sorted(ids)
        assert [task.created_at for task in tasks] == sorted((task.created_at or "" for task in tasks), reverse=True)

    run(main())
