"""One change on its way to the end: its own rows, its preload, its successor."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from emulator.tasks.transition import Transition
from tests.support.memory_store import Shelf
from tests.support.oss_in_process import Instance, SlowAccount, document, event, minutes, rule, submitted, url
from tests.support.virtual_time import run

REFRESH = rule(created=["refresh"])


WARM = rule(created=["refresh", "preload"], removed=["refresh"])


def test_a_preload_waits_until_the_refresh_is_complete() -> None:
    async def main() -> tuple[Shelf, list[int]]:
        account, shelf = SlowAccount(), Shelf()
        account.tasks.submit_transition = Transition(by="seconds", length=100)
        instance = Instance(account, shelf, WARM)
        await instance.handle(event("a.jpg"))
        pushed = []
        for _ in range(4):
            await minutes(instance, 1)
            pushed.append(len(submitted(account, "PushObjectCache")))
        return shelf, pushed

    shelf, pushed = run(main())
    assert pushed == [0, 1, 1, 1]
    kept = document(shelf, "a.jpg")
    assert (kept.outcome, [each.status for each in kept.actions]) == ("succeeded", ["complete", "complete"])
    assert kept.report is not None
    assert [(task.action, task.done) for task in kept.report.tasks] == [("refresh", True), ("preload", True)]
    assert kept.report.summary.outcome == "succeeded"


def test_a_refresh_that_fails_is_followed_by_no_preload() -> None:
    async def main() -> tuple[SlowAccount, Shelf]:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, WARM)
        answer = await instance.handle(event("a.jpg"))
        task_id = answer["objects"][0]["report"]["undecided"][0]["id"].removeprefix("cdn:")
        account.tasks.set_row("cdn", task_id, url("a.jpg"), status="Failed", description="Origin Timeout")
        await minutes(instance, 3)
        return account, shelf

    account, shelf = run(main())
    kept = document(shelf, "a.jpg")
    assert submitted(account, "PushObjectCache") == []
    assert (kept.outcome, kept.actions[1].refusal) == ("failed", "refresh-incomplete")


def test_a_row_of_a_shared_task_fails_only_its_own_object() -> None:
    async def main() -> Shelf:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, REFRESH)
        answers = await asyncio.gather(*(instance.handle(event(key)) for key in ("good.jpg", "bad.jpg")))
        (task_id,) = {each["objects"][0]["report"]["undecided"][0]["id"] for each in answers}
        account.tasks.set_row("cdn", task_id.removeprefix("cdn:"), url("bad.jpg"), status="Failed")
        await minutes(instance, 3)
        return shelf

    shelf = run(main())
    good, bad = document(shelf, "good.jpg"), document(shelf, "bad.jpg")
    assert (good.outcome, bad.outcome) == ("succeeded", "failed")
    assert good.report is not None
    assert [row.object_path for row in good.report.tasks[0].objects] == [url("good.jpg")]


def test_of_an_objects_urls_in_one_task_each_has_its_own_status() -> None:
    both = rule(created=["refresh"], url=[url("{key}"), url("copy/{key}")])

    async def main() -> Shelf:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, both)
        answer = await instance.handle(event("a.jpg"))
        (task_id,) = {each["id"] for each in answer["objects"][0]["report"]["undecided"]}
        account.tasks.set_row("cdn", task_id.removeprefix("cdn:"), url("copy/a.jpg"), status="Failed")
        await minutes(instance, 3)
        return shelf

    kept = document(run(main()), "a.jpg")
    assert [(action.object_path, action.status) for action in kept.actions] == [
        (url("a.jpg"), "complete"),
        (url("copy/a.jpg"), "failed"),
    ]
    assert kept.outcome == "failed"


def test_a_removed_object_is_refreshed_by_its_own_rule() -> None:
    async def main() -> SlowAccount:
        account = SlowAccount()
        instance = Instance(account, Shelf(), WARM)
        await instance.handle(event("a.jpg", name="ObjectRemoved:DeleteObject"))
        await minutes(instance, 3)
        return account

    account = run(main())
    assert submitted(account) == [[url("a.jpg")]]
    assert submitted(account, "PushObjectCache") == []


def test_an_older_event_that_comes_late_does_not_overwrite_the_newer_one() -> None:
    async def main() -> tuple[SlowAccount, Shelf]:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, REFRESH)
        await asyncio.sleep(60)
        await instance.handle(event("a.jpg", seconds=50, request="new"))
        await minutes(instance, 3)
        await instance.handle(event("a.jpg", seconds=10, request="old"))
        await minutes(instance, 3)
        return account, shelf

    account, shelf = run(main())
    assert len(submitted(account)) == 2
    assert document(shelf, "a.jpg").change_id.startswith("2026-11-22T03:30:50.000Z")
    assert not shelf.keys("pending/")


def test_a_superseded_change_is_not_looked_after_any_more() -> None:
    async def main() -> list[dict[str, Any]]:
        instance = Instance(SlowAccount(), Shelf(), REFRESH)
        await instance.handle(event("a.jpg", seconds=1, request="old"))
        await instance.handle(event("a.jpg", seconds=2, request="new"))
        return await minutes(instance, 3)

    assert [(each["open"], each["closed"]) for each in run(main())][:2] == [(2, 2), (0, 0)]


@pytest.mark.parametrize("first", ["ObjectRemoved:DeleteObject", "ObjectCreated:PutObject"])
def test_changes_within_one_second_are_both_seen_through(first: str) -> None:
    """Case O1."""
    names = [first, *({"ObjectRemoved:DeleteObject", "ObjectCreated:PutObject"} - {first})]

    async def main() -> tuple[list[SlowAccount], list[Shelf]]:
        accounts, shelves = [], []
        for number in range(12):
            account, shelf = SlowAccount(), Shelf()
            instance = Instance(account, shelf, WARM)
            for name in names:
                await instance.handle(event("a.jpg", name=name, request=f"R-{number}-{name}"))
            await minutes(instance, 4)
            accounts.append(account)
            shelves.append(shelf)
        return accounts, shelves

    accounts, shelves = run(main())
    assert [submitted(account, "PushObjectCache") for account in accounts] == [[[url("a.jpg")]]] * len(accounts)
    kept = [document(shelf, "a.jpg") for shelf in shelves]
    assert {(each.event, each.outcome) for each in kept} == {("ObjectCreated:PutObject", "succeeded")}
    assert not any(shelf.keys("pending/") for shelf in shelves)


def test_a_removal_that_comes_late_does_not_overwrite_the_creation_of_its_second() -> None:
    """Case O1."""

    async def main() -> tuple[SlowAccount, Shelf]:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, WARM)
        await instance.handle(event("a.jpg", request="created"))
        await minutes(instance, 3)
        await instance.handle(event("a.jpg", request="removed", name="ObjectRemoved:DeleteObject"))
        await minutes(instance, 3)
        return account, shelf

    account, shelf = run(main())
    assert (len(submitted(account)), document(shelf, "a.jpg").event) == (2, "ObjectCreated:PutObject")
    assert not shelf.keys("pending/")


def test_an_object_of_two_products_is_over_when_both_are() -> None:
    rules = (REFRESH, rule(product="dcdn", created=["refresh"]))

    async def main() -> tuple[dict[str, Any], Shelf]:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, *rules, products=("cdn", "dcdn"))
        answer = await instance.handle(event("a.jpg"))
        await minutes(instance, 3)
        return answer, shelf

    answer, shelf = run(main())
    assert [entry["report"]["undecided"][0]["products"] for entry in answer["objects"]] == [["cdn"], ["dcdn"]]
    kept = document(shelf, "a.jpg")
    assert kept.outcome == "succeeded"
    assert kept.report is not None
    assert [task.product for task in kept.report.tasks] == ["cdn", "dcdn"]
