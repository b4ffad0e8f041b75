"""Case A1: a task outside a caller's scope cannot be told from one that does not exist, whatever happened before."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.testing import Row, Transition
from functions.errors import Reason, UpstreamFault
from functions.tasks.query import ListQuery, LookupQuery, RequestedId, Scope
from functions.tasks.results import LookupAnswer, NothingAnswered
from functions.tasks.service import TaskService
from tests.support.virtual_service import ALL, Account, instance_over
from tests.support.virtual_time import run

HIDDEN, UNKNOWN, VISIBLE = "700", "800", "900"
NARROW = Scope(domains=frozenset({"*.mine.com"}), caller="narrow")
TRANSITIONS = [Transition(), Transition(by="seconds", length=40)]

Step = tuple[str, float]
STEPS = st.lists(
    st.tuples(st.sampled_from(["others", "narrow", "nobody", "fault", "thaw"]), st.sampled_from([0.0, 0.3, 1.5, 70.0])),
    max_size=6,
)


def lookup_of(task_id: str, scope: Scope, *, product: str | None = None, wait: int = 0) -> LookupQuery:
    return LookupQuery(ids=(RequestedId(task_id, product),), products=ALL, scope=scope, wait=wait)


def masked(answer: LookupAnswer | NothingAnswered, task_id: str) -> bytes:
    """Everything a caller gets: the body, the headers' figures, and how long it took in each product."""
    if isinstance(answer, NothingAnswered):
        return msgspec.json.encode(answer.problems)
    report = msgspec.structs.replace(answer.report, version="")
    told = (
        report,
        answer.retry_after,
        [(each.product, each.calls, each.hits, f"{each.seconds:.4f}") for each in answer.timings],
    )
    return msgspec.json.encode(told).replace(task_id.encode(), b"ID")


async def told_about(
    task_id: str, owner: str, transition: Transition, history: list[Step], last: dict[str, Any]
) -> bytes:
    account = Account(latency=0.05)
    account.tasks.add(owner, [Row("http://www.other.com/x")], task_id=HIDDEN, age=9, transition=transition)
    account.tasks.add("cdn", [Row("http://www.mine.com/x")], task_id=VISIBLE, age=9)
    service = instance_over(account)
    for action, pause in history:
        await step(action, task_id, account, service)
        await asyncio.sleep(pause)
    return masked(await answered(service, lookup_of(task_id, NARROW, **last)), task_id)


async def answered(service: TaskService, query: LookupQuery) -> LookupAnswer | NothingAnswered:
    try:
        return await service.lookup(query)
    except NothingAnswered as nothing:
        return nothing


async def step(action: str, task_id: str, account: Account, service: TaskService) -> None:
    match action:
        case "others":  # they may see the hidden task, and nobody has heard of the unknown one
            await answered(service, lookup_of(HIDDEN, Scope(caller="other")))
        case "narrow":
            await answered(service, lookup_of(task_id, NARROW))
        case "fault":
            account.faults["DescribeRefreshTaskById"] = UpstreamFault(Reason.UNAVAILABLE, product="cdn")
        case "thaw":
            account.faults.clear()
            service.after_freeze()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ALL),
    st.sampled_from(TRANSITIONS),
    STEPS,
    st.sampled_from([{}, {"wait": 3}, {"product": "cdn"}, {"product": "vod"}]),
)
def test_all_that_is_told_of_a_hidden_task_is_told_of_an_unknown_one(
    owner: str, transition: Transition, history: list[Step], last: dict[str, Any]
) -> None:
    hidden = run(told_about(HIDDEN, owner, transition, history, last))
    unknown = run(told_about(UNKNOWN, owner, transition, history, last))
    assert hidden == unknown


def test_who_may_see_it_sees_it_while_the_narrow_caller_asks() -> None:
    async def main() -> None:
        account = Account()
        account.tasks.add("cdn", ["http://www.other.com/x"], task_id=HIDDEN, age=90)
        service = instance_over(account)
        narrow, other = await asyncio.gather(
            service.lookup(lookup_of(HIDDEN, NARROW)), service.lookup(lookup_of(HIDDEN, Scope(caller="other")))
        )
        assert [entry.id for entry in narrow.report.not_found] == [HIDDEN]
        assert [task.id for task in other.report.tasks] == [f"cdn:{HIDDEN}"]

    run(main())


def test_callers_who_see_a_task_share_its_calls_though_their_scopes_differ() -> None:
    async def main() -> int:
        account = Account()
        account.tasks.add("cdn", ["http://www.mine.com/x"], task_id=VISIBLE, age=90)
        service = instance_over(account)
        for scope in (Scope(), NARROW, Scope(domains=frozenset({"www.mine.com"}))):
            await service.lookup(lookup_of(VISIBLE, scope, product="cdn"))
        return account.calls.total()

    assert run(main()) == 1


@pytest.mark.parametrize(
    "filters",
    [{"object_paths": ("http://www.other.com/x",)}, {"domain_name": "www.other.com"}, {"domain_name": ".other.com"}],
)
def test_a_list_of_what_is_outside_the_scope_is_empty_without_a_call(filters: dict[str, Any]) -> None:
    async def main() -> tuple[int, int]:
        account = Account()
        account.tasks.add("cdn", ["http://www.other.com/x"], task_id=HIDDEN, age=90)
        answer = await instance_over(account).list(ListQuery(products=ALL, scope=NARROW, **filters))
        return len(answer.page.tasks), account.calls.total()

    assert run(main()) == (0, 0)
