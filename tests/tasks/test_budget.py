"""Cases A2 and A3: what one caller uses takes nothing from others; beyond its budget it is told when to come back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.testing import Row, Transition
from functions.errors import Reason, UpstreamFault
from functions.model import APPEARING_SECONDS, Moment
from functions.products.lookup import cache
from functions.settings import CallerLimits, Settings
from functions.tasks.callers.budget import BudgetExceeded, CallerBudgets
from functions.tasks.query import ANONYMOUS, ANONYMOUS_SCOPE, EVERYTHING, ListQuery, LookupQuery, RequestedId, Scope
from functions.tasks.results import NothingAnswered
from functions.tasks.submit import Submission
from tests.support.virtual_service import ALL, Account, instance_over
from tests.support.virtual_time import LoopClock, run

LIMITS = CallerLimits(waits=2, ids=10, lists_per_minute=3, urls_per_minute=5, urls_per_day=8, checks_per_minute=2)
RUDE, POLITE = Scope(caller="rude"), Scope(caller="polite")


class HandClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> Moment:
        return Moment(wall=1e9 + self.seconds, mono=self.seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def budgets(clock: HandClock) -> CallerBudgets:
    return CallerBudgets(LIMITS, clock)


def test_a_caller_may_hold_so_many_waits_and_another_caller_as_many_again(budgets: CallerBudgets) -> None:
    with ExitStack() as open_waits:
        for caller in ("a", "a", "b", "b"):
            open_waits.enter_context(budgets.wait(caller))
        with pytest.raises(BudgetExceeded, match="at most 2 open waits"):
            open_waits.enter_context(budgets.wait("a"))
    with budgets.wait("a"):
        pass


def test_the_ids_of_equal_lookups_count_once_and_those_of_others_each_time(budgets: CallerBudgets) -> None:
    with ExitStack() as lookups:
        for _ in range(50):
            lookups.enter_context(budgets.ids("a", "a lookup", 6))
        lookups.enter_context(budgets.ids("a", "another", 4))
        with pytest.raises(BudgetExceeded):
            lookups.enter_context(budgets.ids("a", "a third", 1))
    with budgets.ids("a", "a third", 10):
        pass


def test_streams_of_the_same_ids_that_differ_in_what_they_show_are_no_way_around_the_budget() -> None:
    async def main() -> None:
        service = instance_over(Account(), Settings(callers=LIMITS))
        query = lookup_of(RUDE, range(10))
        other_order = msgspec.structs.replace(query, ids=query.ids[::-1])
        async with service.watch(query), service.watch(other_order):
            pass
        other_rows, fewer = msgspec.structs.replace(query, objects=7), lookup_of(RUDE, range(9))
        for other in (other_rows, fewer):
            with pytest.raises(BudgetExceeded):
                async with service.watch(query), service.watch(other):
                    pass

    run(main())


def test_a_caller_may_check_so_often_a_minute(budgets: CallerBudgets, clock: HandClock) -> None:
    for _ in range(2):
        budgets.charge_check("a")
    with pytest.raises(BudgetExceeded, match="at most 2 checks a minute"):
        budgets.charge_check("a")
    budgets.charge_check("b")
    clock.seconds = 60
    budgets.charge_check("a")


def test_callers_who_cannot_be_told_apart_share_ten_times_as_much(budgets: CallerBudgets) -> None:
    with ExitStack() as open_waits:
        for _ in range(20):
            open_waits.enter_context(budgets.wait(ANONYMOUS))
        with pytest.raises(BudgetExceeded):
            open_waits.enter_context(budgets.wait(ANONYMOUS))


def test_the_service_itself_has_no_budget(budgets: CallerBudgets) -> None:
    budgets.charge_urls(EVERYTHING.caller, 1_000_000)


def test_urls_of_a_minute_come_back_after_a_minute_and_those_of_a_day_after_a_day(
    budgets: CallerBudgets, clock: HandClock
) -> None:
    budgets.charge_urls("a", 5)
    with pytest.raises(BudgetExceeded) as refused:
        budgets.charge_urls("a", 1)
    assert refused.value.retry_after == 60
    clock.seconds = 200
    budgets.charge_urls("a", 3)
    clock.seconds = 261
    with pytest.raises(BudgetExceeded, match="a day") as refused:
        budgets.charge_urls("a", 1)
    assert refused.value.retry_after == 86_400 - 261
    clock.seconds = 86_401
    budgets.charge_urls("a", 5)


def test_what_was_surely_not_submitted_is_given_back(budgets: CallerBudgets) -> None:
    budgets.charge_urls("a", 5)
    budgets.refund_urls("a", 5)
    budgets.charge_urls("a", 5)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 20), st.booleans()), max_size=30))
def test_no_minute_has_more_lists_of_a_caller_than_its_budget(steps: list[tuple[str, float, bool]]) -> None:
    clock = HandClock()
    budgets = CallerBudgets(LIMITS, clock)
    granted: dict[str, list[float]] = {"a": [], "b": []}
    for caller, pause, _ in steps:
        clock.seconds += pause
        try:
            budgets.charge_list(caller)
        except BudgetExceeded:
            continue
        granted[caller].append(clock.seconds)
    for times in granted.values():
        assert all(late - early >= 60 for early, late in zip(times, times[3:], strict=False))


def lookup_of(scope: Scope, ids: range, wait: int = 0) -> LookupQuery:
    return LookupQuery(ids=tuple(RequestedId(str(n), "cdn") for n in ids), products=ALL, scope=scope, wait=wait)


def test_beside_a_caller_who_invents_ids_without_end_others_see_their_tasks_fresh_and_new_ids_soon() -> None:
    async def main() -> tuple[float, float]:
        account = Account(latency=0.05)
        task_id = account.tasks.add(
            "cdn",
            [Row("http://a.com/x")],
            task_id="7",
            age=9,
            transition=Transition(by="seconds", length=900),
        )
        service = instance_over(account)
        loop = asyncio.get_running_loop()

        async def rude(number: int) -> None:
            for turn in range(100):
                first = 10_000 + 100_000 * number + 1_000 * turn
                try:
                    await service.lookup(lookup_of(RUDE, range(first, first + 1_000)))
                except BudgetExceeded as exceeded:
                    await asyncio.sleep(exceeded.retry_after)

        loops = [asyncio.create_task(rude(number)) for number in range(3)]
        oldest = slowest = 0.0
        for turn in range(15):
            await asyncio.sleep(1)
            known = (await service.lookup(lookup_of(POLITE, range(int(task_id), int(task_id) + 1)))).report
            assert [task.stale for task in known.tasks] == [False]
            oldest = max(oldest, age_of(known.tasks[0].checked_at))
            began = loop.time()
            new = (await service.lookup(lookup_of(POLITE, range(500 + turn, 501 + turn)))).report
            slowest = max(slowest, loop.time() - began)
            assert not new.undecided
        for each in loops:
            each.cancel()
        return oldest, slowest

    oldest, slowest = run(main())
    assert oldest <= 2
    assert slowest <= 1


def test_an_id_that_a_greedy_caller_wants_too_does_not_wait_for_the_greedy_callers_turn() -> None:
    async def main() -> float:
        account = Account(latency=0.05)
        service = instance_over(account)
        greedy = asyncio.create_task(service.lookup(lookup_of(RUDE, range(1_000, 2_000))))
        await asyncio.sleep(0.01)
        began = asyncio.get_running_loop().time()
        await service.lookup(lookup_of(POLITE, range(1_999, 2_000)))
        seconds = asyncio.get_running_loop().time() - began
        greedy.cancel()
        return seconds

    assert run(main()) <= 1


def test_ids_that_nobody_was_asked_about_leave_what_is_known_of_when_others_were_first_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cache, "MAX_FIRST_ASKED", 1_000)

    async def main() -> None:
        service = instance_over(Account(latency=0.05))
        await service.lookup(lookup_of(POLITE, range(7, 8)))
        await asyncio.sleep(APPEARING_SECONDS)
        (settled,) = (await service.lookup(lookup_of(POLITE, range(7, 8)))).report.not_found
        for first in range(1_000, 50_000, 1_000):
            with suppress(TimeoutError):
                async with asyncio.timeout(0.001), service.watch(lookup_of(RUDE, range(first, first + 1_000))) as view:
                    await view.newest()
        await asyncio.sleep(61)  # the vendor is asked about the id again
        (again,) = (await service.lookup(lookup_of(POLITE, range(7, 8)))).report.not_found
        assert not settled.may_appear
        assert not again.may_appear

    run(main())


def age_of(checked_at: str) -> float:

    return LoopClock().now().wall - datetime.fromisoformat(checked_at).timestamp()


def submission(scope: Scope, urls: int) -> Submission:
    paths = tuple(f"http://a.com/{number}" for number in range(urls))
    return Submission(action="preload", product="cdn", object_paths=paths, scope=scope)


@pytest.mark.parametrize(
    "ask",
    [
        lambda service: service.submit(submission(RUDE, 6)),
        lambda service: service.lookup(lookup_of(RUDE, range(11))),
        lambda service: service.lookup(lookup_of(RUDE, range(11), wait=9)),
    ],
)
def test_each_verb_is_bounded_for_a_caller(ask: Callable[..., object]) -> None:
    async def main() -> None:
        account = Account()
        with pytest.raises(BudgetExceeded):
            await ask(instance_over(account, Settings(callers=LIMITS)))  # type: ignore[misc]
        assert not account.calls

    run(main())


def test_lists_are_bounded_by_the_minute_and_other_callers_are_not_touched() -> None:
    async def main() -> None:
        service = instance_over(Account(), Settings(callers=LIMITS))
        for _ in range(3):
            await service.list(ListQuery(products=ALL, scope=RUDE))
        with pytest.raises(BudgetExceeded):
            await service.list(ListQuery(products=ALL, scope=RUDE))
        await service.list(ListQuery(products=ALL, scope=ANONYMOUS_SCOPE))

    run(main())


@pytest.mark.parametrize(
    "ask",
    [
        lambda service: service.quota(RUDE),
        lambda service: service.job("vod", "41d465e31957", LookupQuery(ids=(), products=ALL, scope=RUDE)),
    ],
    ids=["quota", "job"],
)
def test_what_costs_a_vendor_call_each_time_is_bounded_like_lists(ask: Callable[..., Awaitable[object]]) -> None:
    async def main() -> int:
        account = Account()
        service = instance_over(account, Settings(callers=LIMITS))
        for _ in range(3):
            with suppress(NothingAnswered):
                await ask(service)
        calls = account.calls.total()
        with pytest.raises(BudgetExceeded):
            await ask(service)
        return account.calls.total() - calls

    assert run(main()) == 0


def test_a_caller_with_narrow_rights_leaves_the_reserve_of_the_days_quota_and_one_with_all_rights_need_not() -> None:
    """Case A3."""

    async def main() -> None:
        account = Account()
        service = instance_over(account, Settings(keep_quota=0.2))
        narrow = Scope(domains=frozenset({"a.com"}), caller="narrow")
        answer = await service.submit(submission(narrow, 1_000))
        rejected = [(each.reason, len(each.object_paths)) for each in answer.report.rejected]
        assert rejected == [("quota-reserved", 200)]
        again = await service.submit(submission(Scope(caller="full"), 100))
        assert not again.report.rejected

    run(main())


def test_while_the_quota_is_not_known_a_caller_with_narrow_rights_submits_nothing() -> None:
    async def main() -> None:
        account = Account()
        account.faults["DescribeRefreshQuota"] = UpstreamFault(Reason.UNAVAILABLE, product="cdn")
        service = instance_over(account, Settings(products=("cdn",), deadline_seconds=1))
        answer = await service.submit(submission(Scope(actions=frozenset({"preload"}), caller="narrow"), 5))
        assert [(each.reason, each.retry_after) for each in answer.report.rejected] == [("quota-unknown", 60)]
        assert account.calls["PushObjectCache"] == 0

    run(main())
