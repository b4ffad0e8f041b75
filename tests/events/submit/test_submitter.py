"""What travels in one call, and what becomes of what the vendor or the reserve does not let through."""

from __future__ import annotations

import asyncio

import pytest

from functions.errors import Reason, UpstreamFault
from tests.support.memory_store import Shelf
from tests.support.oss_in_process import Instance, SlowAccount, document, event, minutes, rule, submitted, url
from tests.support.virtual_time import run

REFRESH = rule(created=["refresh"])


def test_objects_that_change_together_are_one_call_and_a_url_is_in_it_once() -> None:
    async def main() -> SlowAccount:
        account = SlowAccount()
        instance = Instance(account, Shelf(), REFRESH)

        async def later(number: int) -> None:
            await asyncio.sleep(number * 0.029)
            await instance.handle(event(f"{number % 5}.jpg", request=f"R-{number}"))

        await asyncio.gather(*(later(number) for number in range(10)))
        return account

    (call,) = submitted(run(main()))
    assert sorted(call) == [url(f"{number}.jpg") for number in range(5)]


def test_calls_are_apart_by_product_action_and_type() -> None:
    rules = (
        rule(created=["refresh"], directory_index="index.html"),
        rule(product="dcdn", created=["preload"]),
    )

    async def main() -> list[tuple[str, str, str | None]]:
        account = SlowAccount()
        instance = Instance(account, Shelf(), *rules, products=("cdn", "dcdn"))
        await asyncio.gather(instance.handle(event("a.jpg")), instance.handle(event("docs/index.html")))
        return sorted(
            (action, parameters["ObjectPath"], parameters.get("ObjectType"))
            for action, parameters in account.log
            if "ObjectPath" in parameters
        )

    assert run(main()) == [
        ("PreloadDcdnObjectCaches", f"{url('a.jpg')}\n{url('docs/index.html')}", None),
        ("RefreshObjectCaches", url("a.jpg"), "File"),
        ("RefreshObjectCaches", url("docs/"), "Directory"),
    ]


def test_the_reserve_of_the_quota_is_left_to_others() -> None:
    async def main() -> tuple[SlowAccount, Shelf]:
        account, shelf = SlowAccount(), Shelf()
        account.emulation.limits.set_quota("cdn", "url", 100, used=77)
        instance = Instance(account, shelf, REFRESH, keep_quota=0.2)
        await asyncio.gather(*(instance.handle(event(f"{number}.jpg")) for number in range(5)))
        await minutes(instance, 3)
        return account, shelf

    account, shelf = run(main())
    outcomes = [document(shelf, f"{number}.jpg").outcome for number in range(5)]
    assert sorted(str(outcome) for outcome in outcomes) == ["quota-reserved"] * 2 + ["succeeded"] * 3
    assert [len(call) for call in submitted(account)] == [3]
    assert account.calls["DescribeRefreshQuota"] == 1


def test_what_the_vendor_refuses_for_good_is_an_outcome() -> None:
    async def main() -> Shelf:
        account, shelf = SlowAccount(), Shelf()
        account.tasks.own_domains = frozenset({"img.example.com"})
        instance = Instance(account, shelf, REFRESH, rule(created=["refresh"], prefix="b", url="http://other/{key}"))
        await asyncio.gather(instance.handle(event("a.jpg")), instance.handle(event("b.jpg")))
        await minutes(instance, 3)
        return shelf

    shelf = run(main())
    assert document(shelf, "a.jpg").outcome == "succeeded"
    kept = document(shelf, "b.jpg")
    assert kept.outcome == "rejected"
    assert [(each.object_path, each.refusal) for each in kept.actions] == [
        (url("b.jpg"), None),
        ("http://other/b.jpg", "domain-not-found"),
    ]
    assert kept.report is not None
    assert [problem.reason for problem in kept.report.problems] == ["domain-not-found"]


@pytest.mark.parametrize("figures", ["none", "unreadable"])
def test_while_the_quota_is_not_known_nothing_is_submitted_and_nothing_is_lost(figures: str) -> None:
    """Case V7."""

    async def main() -> tuple[int, SlowAccount, Shelf]:
        account, shelf = SlowAccount(), Shelf()
        account.faults["DescribeRefreshQuota"] = UpstreamFault(
            Reason.DENIED if figures == "none" else Reason.MALFORMED, product="cdn"
        )
        instance = Instance(account, shelf, REFRESH, keep_quota=0.2)
        answer = await instance.handle(event("a.jpg"))
        assert [each["reason"] for each in answer["objects"][0]["report"]["problems"]] == ["quota-unknown"]
        before = len(submitted(account))
        account.faults.clear()
        await minutes(instance, 4)
        return before, account, shelf

    before, account, shelf = run(main())
    assert (before, submitted(account)) == (0, [[url("a.jpg")]])
    assert document(shelf, "a.jpg").outcome == "succeeded"
