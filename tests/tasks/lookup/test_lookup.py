"""The verb `lookup` in virtual time: nothing is over while an id may still appear, and order changes no answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from functions.errors import Reason, UpstreamFault
from functions.tasks.query import LookupQuery, RequestedId
from functions.tasks.report import Outcome
from functions.tasks.results import LookupAnswer
from functions.tasks.service import TaskService
from functions.upstream.operation import Operation
from functions.upstream.sdk_client import RawAnswer
from tests.support.virtual_service import Account, instance_over
from tests.support.virtual_time import run

DCDN_BY_ID = "DescribeDcdnRefreshTaskById"
VOD_LIST = "DescribeVodRefreshTasks"


class Uneven(Account):
    """An account with actions whose answers take so many seconds more."""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        super().__init__()
        self.seconds = seconds

    async def call(self, operation: Operation, parameters: Mapping[str, Any], seconds: float) -> RawAnswer:
        await asyncio.sleep(self.seconds.get(operation.action, 0.0))
        return await super().call(operation, parameters, seconds)


def lookup_of(*ids: str, wait: int = 0) -> LookupQuery:
    parts = [one.rpartition(":") for one in ids]
    requested = tuple(RequestedId(task_id, product or None) for product, _, task_id in parts)
    return LookupQuery(ids=requested, products=("cdn", "dcdn", "vod"), wait=wait)


async def refused_by_dcdn(reason: Reason) -> tuple[Account, TaskService]:
    account = Account()
    account.faults[DCDN_BY_ID] = UpstreamFault(reason, product="dcdn", vendor_code="Forbidden.RAM")
    return account, instance_over(account)


@pytest.mark.parametrize("reason", [Reason.DENIED, Reason.BAD_CREDENTIALS, Reason.REJECTED])
def test_an_id_that_one_product_refuses_for_good_is_waited_for_while_another_may_still_show_it(reason: Reason) -> None:
    """Case V4."""

    async def main() -> LookupAnswer:
        account, service = await refused_by_dcdn(reason)

        async def appear() -> None:
            await asyncio.sleep(4)
            account.tasks.add("cdn", ["http://a.com/x"], task_id="555001", age=120)

        appearing = asyncio.create_task(appear())
        early = (await service.lookup(lookup_of("555001"))).report
        assert [(entry.id, entry.products, entry.may_appear) for entry in early.undecided] == [
            ("555001", ("dcdn",), True)
        ]
        assert (early.summary.done, early.summary.outcome) == (False, None)
        held = await service.lookup(lookup_of("555001", wait=15))
        await appearing
        return held

    report = run(main()).report
    assert [task.id for task in report.tasks] == ["cdn:555001"]
    assert (report.summary.done, report.summary.outcome) == (True, Outcome.SUCCEEDED)


def test_what_never_appeared_is_missing_in_the_end_though_one_product_was_never_answered_for() -> None:
    async def main() -> LookupAnswer:
        _, service = await refused_by_dcdn(Reason.DENIED)
        await service.lookup(lookup_of("555001"))
        await asyncio.sleep(61)
        return await service.lookup(lookup_of("555001"))

    report = run(main()).report
    assert [(entry.id, entry.may_appear) for entry in report.undecided] == [("555001", False)]
    assert (report.summary.done, report.summary.outcome) == (True, Outcome.MISSING)


def test_a_retryable_fault_of_one_id_does_not_keep_another_id_open() -> None:
    async def main() -> LookupAnswer:
        account = Account()
        account.tasks.add("vod", ["http://a.com/x"], task_id="7", age=120)
        service = instance_over(account)
        await service.lookup(lookup_of("vod:7"))
        account.faults[VOD_LIST] = UpstreamFault(Reason.THROTTLED, product="vod")
        return await service.lookup(lookup_of("vod:7", "vod:8"))

    report = run(main()).report
    assert [entry.id for entry in report.undecided] == ["vod:8"]
    assert not report.summary.done


def test_the_same_ids_in_another_order_have_the_same_version_and_come_as_they_were_asked() -> None:
    async def main() -> None:
        account = Account()
        for task_id in ("1", "2", "3"):
            account.tasks.add("cdn", [f"http://a.com/{task_id}"], task_id=task_id, age=120)
        account.tasks.add("dcdn", ["http://a.com/2"], task_id="2", age=120)
        service = instance_over(account)
        forth = (await service.lookup(lookup_of("3", "2", "9", "1", "8"))).report
        back = (await service.lookup(lookup_of("8", "1", "9", "2", "3"))).report
        assert [task.id for task in forth.tasks] == ["cdn:3", "cdn:2", "dcdn:2", "cdn:1"]
        assert [task.id for task in back.tasks] == ["cdn:1", "cdn:2", "dcdn:2", "cdn:3"]
        assert [entry.id for entry in forth.not_found] == ["9", "8"]
        assert [entry.id for entry in back.not_found] == ["8", "9"]
        assert forth.version == back.version

    run(main())


def test_an_id_asked_bare_and_with_its_product_is_asked_once_though_the_product_failed() -> None:
    account = Uneven({DCDN_BY_ID: 1.0})
    account.faults[VOD_LIST] = UpstreamFault(Reason.DENIED, product="vod")

    async def main() -> LookupAnswer:
        return await instance_over(account).lookup(lookup_of("7", "vod:7"))

    assert [entry.id for entry in run(main()).report.undecided] == ["7", "vod:7"]
    assert account.calls[VOD_LIST] == 1


def test_a_bare_id_does_not_wait_for_what_is_asked_of_another_product_by_name() -> None:
    async def main() -> tuple[int, float]:
        account = Uneven({VOD_LIST: 2.0})
        for task_id in ("7", "9"):
            account.tasks.add("vod", ["http://a.com/x"], task_id=task_id, age=120)
        report = (await instance_over(account).lookup(lookup_of("7", "vod:9"))).report
        return report.summary.found, asyncio.get_running_loop().time()

    found, seconds = run(main())
    assert (found, seconds < 3.0) == (2, True)


def test_a_task_of_an_expensive_product_is_found_in_time_while_a_cheap_one_hangs() -> None:
    async def main() -> LookupAnswer:
        account = Uneven({DCDN_BY_ID: 100.0, VOD_LIST: 5.0})
        account.tasks.add("vod", ["http://a.com/x"], task_id="7", age=120)
        return await instance_over(account).lookup(lookup_of("7"))

    assert [task.id for task in run(main()).report.tasks] == ["vod:7"]


def test_ids_that_needed_no_call_are_told_beside_the_calls() -> None:
    async def main() -> list[tuple[str, int, int]]:
        account = Account()
        account.tasks.add("cdn", ["http://a.com/x"], task_id="7", age=120)
        service = instance_over(account)
        answers = [
            await service.lookup(lookup_of(*ids)) for ids in (("cdn:7",), ("cdn:7", "cdn:8"), ("cdn:7", "cdn:8"))
        ]
        return [(each.product, each.calls, each.hits) for answer in answers for each in answer.timings]

    assert run(main()) == [("cdn", 1, 0), ("cdn", 1, 1), ("cdn", 0, 2)]
