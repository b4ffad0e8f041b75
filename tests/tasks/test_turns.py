"""Case A2: lists and jobs of one caller leave those of others their turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Any

import pytest

from emulator.testing import Row
from functions.settings import Settings
from functions.tasks.callers.budget import BudgetExceeded
from functions.tasks.callers.turns import CallerTurns, Turn
from functions.tasks.query import ANONYMOUS, EVERYTHING, ListQuery, LookupQuery, Scope
from functions.tasks.results import NothingAnswered
from functions.tasks.service import TaskService
from tests.support.virtual_service import ALL, Account, instance_over, with_pages_of
from tests.support.virtual_time import LoopClock, run

GREEDY, POLITE = Scope(caller="greedy"), Scope(caller="polite")
CDN = ("cdn",)
WINDOW_SECONDS = 1
"""Who finds the vendor's rate used up waits so long for the first call."""
DOMAINS = 10


def instance_with_many_pages() -> TaskService:
    """Every list takes some calls, one after another."""
    account = Account(latency=0.05)
    for number in range(30 * DOMAINS):
        account.tasks.add("cdn", [Row(f"http://d{number % DOMAINS}.com/{number}")], age=10 + 7 * number)
    return instance_over(account, Settings(products=CDN), with_pages_of(10, CDN))


def list_of(scope: Scope, number: int) -> ListQuery:
    """One that shares no page with one of another number."""
    end = LoopClock().now().utc - timedelta(seconds=number)
    return ListQuery(products=CDN, scope=scope, domain_name=f"d{number % DOMAINS}.com", end=end)


def job_of(scope: Scope, number: int) -> Callable[[TaskService], Coroutine[Any, Any, object]]:
    query = LookupQuery(ids=(), products=ALL, scope=scope)
    return lambda service: service.job("vod", f"job{number}", query)


async def seconds_of(work: Awaitable[object]) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await work
    return loop.time() - began


def test_beside_sixty_lists_of_one_caller_that_of_another_takes_about_one_lists_time_longer_and_is_complete() -> None:
    async def main() -> tuple[float, float]:
        service = instance_with_many_pages()
        await service.list(list_of(POLITE, 10))
        alone = await seconds_of(service.list(list_of(POLITE, 0)))

        async def rude(number: int) -> None:
            while True:
                try:
                    await service.list(list_of(GREEDY, number))
                except BudgetExceeded:
                    await asyncio.sleep(1)
                except NothingAnswered:
                    pass

        greedy = [asyncio.create_task(rude(number)) for number in range(100, 160)]
        slowest = 0.0
        for number in range(1, 9):
            await asyncio.sleep(1.5)
            began = asyncio.get_running_loop().time()
            answer = await service.list(list_of(POLITE, number))
            slowest = max(slowest, asyncio.get_running_loop().time() - began)
            assert len(answer.page.tasks) == ListQuery(products=CDN).page_size
            assert not answer.page.problems
        for each in greedy:
            each.cancel()
        return alone, slowest

    alone, slowest = run(main())
    assert slowest <= 2 * alone + WINDOW_SECONDS


def test_beside_all_the_jobs_that_one_caller_may_ask_for_at_once_another_ones_is_answered_soon() -> None:
    async def main() -> float:
        service = instance_over(Account(latency=0.05), Settings())
        greedy = [asyncio.create_task(job_of(GREEDY, number)(service)) for number in range(300)]
        await asyncio.sleep(0.5)
        with suppress(NothingAnswered):
            seconds = await seconds_of(job_of(POLITE, 1_000)(service))
        assert not all(each.done() for each in greedy)
        for each in greedy:
            each.cancel()
        await asyncio.gather(*greedy, return_exceptions=True)
        return seconds

    assert run(main()) <= WINDOW_SECONDS + 0.1


async def going_on(opened: list[Turn]) -> list[bool]:
    soon = asyncio.get_running_loop().time() + 0.001
    return [await turn.wait(soon) for turn in opened]


def test_a_caller_goes_on_with_two_alone_and_with_one_beside_others() -> None:
    async def main() -> None:
        turns = CallerTurns()
        with ExitStack() as stack:
            opened = [stack.enter_context(turns.turn_of("a")) for _ in range(3)]
            assert await going_on(opened) == [True, True, False]
            with turns.turn_of("b") as other:
                assert await going_on([*opened, other]) == [True, False, False, True]
            assert await going_on(opened) == [True, True, False]

    run(main())


def test_one_that_ends_gives_its_turn_to_the_next_of_the_same_caller() -> None:
    async def main() -> None:
        turns = CallerTurns()
        with turns.turn_of("b"), ExitStack() as ended:
            ended.enter_context(turns.turn_of("a"))
            with turns.turn_of("a") as second:
                assert not await second.wait(asyncio.get_running_loop().time() + 0.001)
                ended.close()
                assert await second.wait(asyncio.get_running_loop().time() + 0.001)

    run(main())


@pytest.mark.parametrize(("caller", "at_once"), [(ANONYMOUS, 10), ("a", 1), (EVERYTHING.caller, 20)])
def test_callers_who_cannot_be_told_apart_have_ten_times_as_many_and_the_service_itself_any(
    caller: str, at_once: int
) -> None:
    async def main() -> int:
        turns = CallerTurns()
        with turns.turn_of("other"), ExitStack() as stack:
            return sum(await going_on([stack.enter_context(turns.turn_of(caller)) for _ in range(20)]))

    assert run(main()) == at_once
