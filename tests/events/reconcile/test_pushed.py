"""The timer looks less often at what CDN says by itself, and nothing but the number of calls depends on it."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.tasks.transition import Transition
from functions.errors import Reason, UpstreamFault
from tests.support.memory_store import Shelf
from tests.support.oss_in_process import (
    Instance,
    SlowAccount,
    cdn_event,
    document,
    event,
    minutes,
    rule,
    submitted,
    url,
)
from tests.support.virtual_time import run

BY_ID = "DescribeRefreshTaskById"
REFRESH = rule(created=["refresh"])
OTHER_TASK = "1"


async def open_change(account: SlowAccount, instance: Instance, key: str = "a.jpg") -> None:
    """One whose task is seen running, a minute after the timer looked at everything."""
    account.tasks.submit_transition = Transition(by="seconds", length=3_600)
    await instance.handle(event(key))
    await minutes(instance, 1)


async def calls_in(account: SlowAccount, instance: Instance, count: int, pushed: bytes | None = None) -> int:
    """Calls by id in so many minutes; `pushed` is told once in each."""
    before = account.calls[BY_ID]
    for _ in range(count):
        if pushed:
            await instance.handle(pushed)
        await minutes(instance, 1)
    return account.calls[BY_ID] - before


def calls_while_told(pushed: bytes | None) -> int:
    async def main() -> int:
        account = SlowAccount()
        instance = Instance(account, Shelf(), REFRESH)
        await open_change(account, instance)
        return await calls_in(account, instance, 20, pushed)

    return run(main())


def test_while_completions_of_a_domain_are_pushed_its_open_tasks_are_looked_at_every_fifth_minute() -> None:
    assert calls_while_told(cdn_event(OTHER_TASK)) == 4


@pytest.mark.parametrize(
    "pushed",
    [
        None,
        cdn_event(OTHER_TASK, domain="other.example.com"),
        cdn_event(OTHER_TASK, name="CachedObjectsPushed"),
    ],
    ids=["nothing", "another domain", "another action"],
)
def test_what_is_pushed_of_others_slows_nothing(pushed: bytes | None) -> None:
    assert calls_while_told(pushed) == 20


def test_ten_minutes_after_the_last_event_every_minute_has_its_look_again() -> None:
    async def main() -> tuple[int, int]:
        account = SlowAccount()
        instance = Instance(account, Shelf(), REFRESH)
        await open_change(account, instance)
        await instance.handle(cdn_event(OTHER_TASK))
        return await calls_in(account, instance, 10), await calls_in(account, instance, 10)

    soon, later = run(main())
    assert (soon, later) == (2, 10)


def test_a_task_that_ends_without_an_event_closes_its_change_within_five_minutes() -> None:
    async def main() -> list[str | None]:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, REFRESH)
        await open_change(account, instance)
        (action,) = document(shelf, "a.jpg").actions
        account.tasks.set_row("cdn", action.task_ids[0], url("a.jpg"), status="Failed", progress=0)
        outcomes = []
        for _ in range(5):
            await calls_in(account, instance, 1, cdn_event(OTHER_TASK))
            outcomes.append(document(shelf, "a.jpg").outcome)
        return outcomes

    *_, last = run(main())
    assert last == "failed"


def test_a_task_of_which_the_event_came_too_early_is_looked_at_every_minute() -> None:
    async def main() -> int:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, REFRESH)
        await open_change(account, instance)
        (action,) = document(shelf, "a.jpg").actions
        await instance.handle(cdn_event(*action.task_ids))
        return await calls_in(account, instance, 10)

    assert run(main()) == 10


def test_a_preload_is_submitted_at_once_when_its_refresh_is_pushed() -> None:
    async def main() -> tuple[int, int]:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, rule(created=["refresh", "preload"]))
        await open_change(account, instance)
        refresh, _ = document(shelf, "a.jpg").actions
        await calls_in(account, instance, 2, cdn_event(OTHER_TASK))
        account.tasks.set_row("cdn", refresh.task_ids[0], url("a.jpg"), status="Complete", progress=100)
        before = account.calls["PushObjectCache"]
        await instance.handle(cdn_event(*refresh.task_ids))
        return before, account.calls["PushObjectCache"]

    assert run(main()) == (0, 1)


def test_the_answer_to_the_timer_says_how_many_changes_were_passed_over() -> None:
    async def main() -> list[dict[str, Any]]:
        account = SlowAccount()
        instance = Instance(account, Shelf(), REFRESH)
        await open_change(account, instance)
        await instance.handle(cdn_event(OTHER_TASK))
        return await minutes(instance, 5)

    swept = run(main())
    assert [(each["open"], each.get("awaiting", 0)) for each in swept] == [(1, 1)] * 4 + [(1, 0)]


def test_what_could_not_be_submitted_yet_waits_for_no_event() -> None:
    async def main() -> list[list[str]]:
        account = SlowAccount()
        instance = Instance(account, Shelf(), REFRESH)
        await open_change(account, instance)
        account.faults["RefreshObjectCaches"] = UpstreamFault(Reason.THROTTLED, product="cdn")
        await instance.handle(event("b.jpg", seconds=60))
        account.faults.clear()
        account.log.clear()
        await calls_in(account, instance, 3, cdn_event(OTHER_TASK))
        return submitted(account)

    assert run(main()) == [[url("b.jpg")]]
