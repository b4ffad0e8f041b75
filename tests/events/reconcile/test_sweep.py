"""The sweep over everything open, by the timer or by what CDN says."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from emulator.tasks.transition import Transition
from functions.events.change import ChangeRecord
from functions.events.reconcile.one_change import ChangeReconciler
from functions.events.reconcile.recent_tasks import RecentTasks
from functions.events.reconcile.sweep import CONCURRENCY
from functions.events.timings import Timings
from functions.logs import JsonLines
from tests.support.memory_store import Shelf
from tests.support.oss_in_process import Instance, SlowAccount, cdn_event, document, event, minutes, rule
from tests.support.virtual_time import run

BY_ID = "DescribeRefreshTaskById"


REFRESH = rule(created=["refresh"])


def skips(answer: dict[str, Any]) -> list[str]:
    return [each["reason"] for each in answer["skipped"]]


def test_a_sweep_without_its_store_says_so_and_is_not_repeated() -> None:
    async def main() -> dict[str, Any]:
        instance = Instance(SlowAccount(), Shelf(), REFRESH)
        instance.store.broken = True
        return await instance.sweep()

    answer = run(main())
    assert (answer["retry"], answer["failed"][0]["event"]) == (False, "timer")


def test_one_record_in_trouble_does_not_stop_the_sweep() -> None:
    async def main() -> tuple[dict[str, Any], Shelf]:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, REFRESH)
        await asyncio.gather(instance.handle(event("a.jpg")), instance.handle(event("b.jpg")))
        broken = next(
            key for key in shelf.keys("pending/") if key.endswith(document(shelf, "a.jpg").object_id + ".json")
        )
        shelf.objects[broken] = b'{"what": "is this"}'
        return (await minutes(Instance(account, shelf, REFRESH), 3))[0], shelf

    swept, shelf = run(main())
    assert swept["open"] == 1
    assert document(shelf, "b.jpg").outcome == "succeeded"


def test_a_record_that_meets_a_bug_is_named_in_the_log_and_the_others_are_closed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reconcile = ChangeReconciler.reconcile

    async def failing(self: ChangeReconciler, record: ChangeRecord, recent: RecentTasks, **more: bool) -> bool:
        if record.key == "a.jpg":
            raise ZeroDivisionError
        return await reconcile(self, record, recent, **more)

    async def main() -> dict[str, Any]:
        instance = Instance(SlowAccount(), Shelf(), REFRESH)
        await asyncio.gather(instance.handle(event("a.jpg")), instance.handle(event("b.jpg")))
        monkeypatch.setattr(ChangeReconciler, "reconcile", failing)
        return (await minutes(instance, 2))[-1]

    assert run(main()) == {"open": 1, "closed": 0, "left": 0, "failed": 1}
    lines = [json.loads(JsonLines().format(each)) for each in caplog.records if each.msg == "reconcile-failed"]
    assert [(line["key"], line["exception"][0]) for line in lines] == [("a.jpg", "builtins.ZeroDivisionError")] * 2


def test_only_one_sweep_goes_on_at_a_time() -> None:
    async def main() -> list[dict[str, Any]]:
        instance = Instance(SlowAccount(), Shelf(), REFRESH)
        return list(await asyncio.gather(instance.sweep(), instance.sweep()))

    assert [skips(answer) for answer in run(main())] == [[], ["another sweep is going on"]]


def test_a_sweep_ends_in_time_and_the_next_one_goes_on() -> None:
    async def main() -> tuple[list[dict[str, Any]], list[float]]:
        account, shelf = SlowAccount(limits=False), Shelf()
        instance = Instance(account, shelf, REFRESH, timings=Timings(sweep=4.0))
        instance.store.slowest = 0.5
        keys = [f"{number}.jpg" for number in range(3 * CONCURRENCY)]
        await asyncio.gather(*(instance.handle(event(key)) for key in keys))
        account.latency = 1.0
        await asyncio.sleep(60)
        reports, took = [], []
        for _ in range(9):
            began = asyncio.get_running_loop().time()
            reports.append((await instance.sweep())["sweep"])
            took.append(asyncio.get_running_loop().time() - began)
        return reports, took

    reports, took = run(main())
    assert reports[0]["left"] > 0
    assert reports[-1] == {"open": 0, "closed": 0, "left": 0, "failed": 0}
    assert max(took) <= 4.0 + 1.5


def test_thousands_of_open_objects_cost_a_sweep_a_handful_of_calls() -> None:
    async def main() -> tuple[int, int, int]:
        account, shelf = SlowAccount(), Shelf()
        account.tasks.submit_transition = Transition(by="seconds", length=3600)
        instance = Instance(account, shelf, REFRESH)
        await asyncio.gather(*(instance.handle(event(f"{number}.jpg")) for number in range(1_000)))
        await minutes(instance, 1)
        before, reads = account.calls[BY_ID], instance.store.calls.count("get")
        (swept,) = await minutes(instance, 1)
        return swept["open"], account.calls[BY_ID] - before, instance.store.calls.count("get") - reads

    opened, calls, reads = run(main())
    assert opened == 1_000
    assert calls <= 6
    assert reads == 0


def test_an_event_of_cdn_closes_a_change_before_the_next_timer() -> None:
    async def main() -> tuple[dict[str, Any], Shelf, SlowAccount]:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, REFRESH)
        first = await instance.handle(event("a.jpg"))
        await asyncio.sleep(2)
        await instance.handle(event("b.jpg"))
        await asyncio.sleep(70)
        account.log.clear()
        task_id = first["objects"][0]["report"]["undecided"][0]["id"].removeprefix("cdn:")
        return (await instance.handle(cdn_event(task_id)))["sweep"], shelf, account

    swept, shelf, account = run(main())
    assert swept == {"open": 1, "closed": 1, "left": 0, "failed": 0}
    assert (document(shelf, "a.jpg").outcome, document(shelf, "b.jpg").outcome) == ("succeeded", None)
    assert [action for action, _ in account.log] == [BY_ID]


def test_an_event_of_cdn_is_not_believed_without_the_vendors_answer() -> None:
    async def main() -> tuple[dict[str, Any], Shelf]:
        account, shelf = SlowAccount(), Shelf()
        account.tasks.submit_transition = Transition(by="seconds", length=3_600)
        instance = Instance(account, shelf, REFRESH)
        answer = await instance.handle(event("a.jpg"))
        await asyncio.sleep(50)
        task_id = answer["objects"][0]["report"]["undecided"][0]["id"].removeprefix("cdn:")
        return await instance.handle(cdn_event(task_id)), shelf

    answer, shelf = run(main())
    assert (answer["sweep"]["open"], answer["sweep"]["closed"], answer["retry"]) == (1, 0, False)
    assert document(shelf, "a.jpg").outcome is None


def test_an_event_of_cdn_on_tasks_of_others_costs_no_call() -> None:
    async def main() -> tuple[dict[str, Any], SlowAccount]:
        account = SlowAccount()
        instance = Instance(account, Shelf(), REFRESH)
        await instance.handle(event("a.jpg"))
        account.log.clear()
        return await instance.handle(cdn_event("1", "2")), account

    answer, account = run(main())
    assert (answer["sweep"]["open"], account.log, answer["retry"]) == (0, [], False)


def test_an_event_of_cdn_while_the_store_is_gone_is_left_to_the_timer() -> None:
    async def main() -> dict[str, Any]:
        instance = Instance(SlowAccount(), Shelf(), REFRESH)
        instance.store.broken = True
        return await instance.handle(cdn_event("1"))

    answer = run(main())
    assert ([each["event"] for each in answer["failed"]], answer["retry"]) == (["cdn"], False)


def test_what_cdn_says_all_at_once_closes_all_of_it_in_two_sweeps() -> None:
    async def main() -> tuple[list[dict[str, Any]], Shelf, int]:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, REFRESH)
        keys = [f"{number}.jpg" for number in range(30)]
        for key in keys:  # one after the other, so that each has a task of its own
            await instance.handle(event(key))
        await asyncio.sleep(70)
        before = account.calls[BY_ID]
        told = [cdn_event(action.task_ids[0]) for key in keys for action in document(shelf, key).actions]
        answers = await asyncio.gather(*(instance.handle(each) for each in told), instance.sweep())
        return [answer["sweep"] for answer in answers if "sweep" in answer], shelf, account.calls[BY_ID] - before

    reports, shelf, calls = run(main())
    assert (len(reports), sum(report["closed"] for report in reports)) == (2, 30)
    assert not shelf.keys("pending/")
    assert calls <= 1 + 3


def test_what_cdn_says_is_looked_up_however_fresh_the_last_answer_is() -> None:
    async def main() -> dict[str, Any]:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, REFRESH, fresh_seconds=600)
        await instance.handle(event("a.jpg"))
        await asyncio.sleep(38)
        await instance.sweep()
        await asyncio.sleep(25)  # not so long that it would be taken for a freeze, which empties the cache
        (action,) = document(shelf, "a.jpg").actions
        return await instance.handle(cdn_event(*action.task_ids))

    assert run(main())["sweep"]["closed"] == 1
