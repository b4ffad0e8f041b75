"""Tasks found or made by a sweep for what was not surely submitted."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from functions.errors import Reason, UpstreamFault
from tests.support.memory_store import Shelf
from tests.support.oss_in_process import Instance, SlowAccount, document, event, minutes, rule, submitted, url
from tests.support.virtual_time import run

LISTS = "DescribeRefreshTasks"


REFRESH = rule(created=["refresh"])


def test_followed_tasks_older_than_the_change_are_not_its_own() -> None:
    async def main() -> tuple[dict[str, Any], Shelf]:
        account, shelf = SlowAccount(), Shelf()
        account.tasks.add("cdn", [url("a.jpg")], age=3600)
        instance = Instance(account, shelf, rule())
        answer = await instance.handle(event("a.jpg"))
        await minutes(instance, 7)
        return answer, shelf

    answer, shelf = run(main())
    assert len(answer["objects"][0]["report"]["tasks"]) == 1
    assert document(shelf, "a.jpg").outcome == "missing"
    assert not shelf.keys("pending/")


def test_a_submission_whose_answer_was_lost_is_adopted_and_not_repeated() -> None:
    async def main() -> tuple[SlowAccount, Shelf]:
        account, shelf = SlowAccount(), Shelf()
        account.lost.add("RefreshObjectCaches")
        instance = Instance(account, shelf, REFRESH)
        await asyncio.gather(*(instance.handle(event(f"{number}.jpg")) for number in range(30)))
        account.lost.clear()
        await minutes(instance, 3)
        return account, shelf

    account, shelf = run(main())
    assert [len(call) for call in submitted(account)] == [30]
    assert account.calls[LISTS] <= 3
    assert {document(shelf, f"{number}.jpg").outcome for number in range(30)} == {"succeeded"}


def test_what_could_not_be_submitted_is_submitted_by_the_sweep() -> None:
    async def main() -> tuple[SlowAccount, Shelf]:
        account, shelf = SlowAccount(), Shelf()
        account.faults["RefreshObjectCaches"] = UpstreamFault(Reason.UNAVAILABLE, product="cdn")
        instance = Instance(account, shelf, REFRESH)
        await asyncio.gather(*(instance.handle(event(f"{number}.jpg")) for number in range(30)))
        account.faults.clear()
        account.log.clear()
        await minutes(instance, 4)
        return account, shelf

    account, shelf = run(main())
    assert [len(call) for call in submitted(account)] == [30]
    assert {document(shelf, f"{number}.jpg").outcome for number in range(30)} == {"succeeded"}


def test_while_the_lists_cannot_be_read_nothing_is_repeated() -> None:
    async def main() -> tuple[int, int]:
        account, shelf = SlowAccount(), Shelf()
        account.lost.add("RefreshObjectCaches")
        account.faults[LISTS] = UpstreamFault(Reason.UNAVAILABLE, product="cdn")
        instance = Instance(account, shelf, REFRESH)
        await instance.handle(event("a.jpg"))
        await minutes(instance, 3)
        return len(submitted(account)), len(shelf.keys("pending/"))

    assert run(main()) == (1, 1)


@pytest.mark.parametrize("code", ["QuotaPerMinuteExceeded.Refresh", "TooMany.Refresh", "NeverHeardOf"])
def test_a_refusal_that_may_pass_loses_no_url(code: str) -> None:
    """Case V1."""

    async def main() -> tuple[SlowAccount, Shelf, list[str | None]]:
        account, shelf = SlowAccount(), Shelf()
        refused = UpstreamFault(Reason.REJECTED, product="cdn", vendor_code=code, without_effect=True)
        account.faults["RefreshObjectCaches"] = refused
        instance = Instance(account, shelf, REFRESH)
        await asyncio.gather(*(instance.handle(event(f"{number}.jpg")) for number in range(30)))
        (action,) = document(shelf, "0.jpg").actions
        account.faults.clear()
        account.log.clear()
        await minutes(instance, 4)
        return account, shelf, [action.last_rejection, action.vendor_code]

    account, shelf, last = run(main())
    assert last[0] in {"rejected", "throttled"}
    assert last[1] == code
    assert sorted(each for call in submitted(account) for each in call) == sorted(
        url(f"{number}.jpg") for number in range(30)
    )
    assert {document(shelf, f"{number}.jpg").outcome for number in range(30)} == {"succeeded"}


def test_attempts_to_submit_come_slower_and_slower() -> None:
    """Case V1."""

    async def main() -> list[int]:
        account = SlowAccount()
        refused = UpstreamFault(Reason.REJECTED, product="cdn", vendor_code="NeverHeardOf", without_effect=True)
        account.faults["RefreshObjectCaches"] = refused
        instance = Instance(account, Shelf(), REFRESH)
        await instance.handle(event("a.jpg"))
        times = []
        for minute in range(60):
            before = len(submitted(account))
            await minutes(instance, 1)
            if len(submitted(account)) > before:
                times.append(minute)
        return times

    times = run(main())
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses == sorted(pauses)
    assert pauses[0] < max(pauses) <= 10


def test_nothing_is_tried_for_ever() -> None:
    async def main() -> Shelf:
        account, shelf = SlowAccount(), Shelf()
        account.faults["RefreshObjectCaches"] = UpstreamFault(Reason.UNAVAILABLE, product="cdn", without_effect=True)
        instance = Instance(account, shelf, REFRESH)
        await instance.handle(event("a.jpg"))
        await asyncio.sleep(86_500)
        await minutes(instance, 2)
        return shelf

    kept = document(run(main()), "a.jpg")
    assert (kept.outcome, kept.actions[0].refusal) == ("rejected", "given-up")
