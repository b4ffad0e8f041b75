from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from emulator.tasks.transition import Transition
from functions.errors import Reason, SettingsError, UpstreamFault
from functions.events.change import ChangeRecord
from functions.events.reconcile.sweep import CONCURRENCY
from functions.events.timings import Timings
from functions.events.wiring import open_handler
from functions.settings import Settings
from functions.upstream.credentials import CredentialSource
from functions.upstream.endpoint import Endpoint
from tests.support.memory_store import Shelf
from tests.support.oss_in_process import Instance, SlowAccount, document, event, minutes, rule, submitted, url
from tests.support.samples import event_sample
from tests.support.virtual_service import instance_over
from tests.support.virtual_time import run

LISTS = "DescribeRefreshTasks"
BY_ID = "DescribeRefreshTaskById"
REFRESH = rule(created=["refresh"])
WARM = rule(created=["refresh", "preload"], removed=["refresh"])


def skips(answer: dict[str, Any]) -> list[str]:
    return [each["reason"] for each in answer["skipped"]]


def test_an_event_is_answered_with_the_tasks_that_were_made_for_it() -> None:
    async def main() -> dict[str, Any]:
        return await Instance(SlowAccount(), Shelf(), WARM).handle(event("a b+c.jpg"))

    answer = run(main())
    (entry,) = answer["objects"]
    assert (entry["bucket"], entry["key"], entry["urls"]) == ("pics", "a b+c.jpg", [url("a%20b%2Bc.jpg")])
    assert [each["products"] for each in entry["report"]["undecided"]] == [["cdn"]]
    assert (entry["report"]["summary"]["done"], answer["retry"]) == (False, False)


EVERY = (
    "a/!%22%23$%25&'()*%2B,-.0123456789:;%3C=%3E%3F@ABCDEFGHIJKLMNOPQRSTUVWXYZ%5B%5C%5D%5E_%60"
    "abcdefghijklmnopqrstuvwxyz%7B%7C%7D~/%C3%A9%E6%BC%A2%F0%9F%98%80~%20."
)


@pytest.mark.parametrize(
    ("sample", "path"),
    [
        ("native-put", "source/a.png"),
        ("native-prefixed", "source/a.png"),
        ("native-append", "source/app.log"),
        ("native-multipart", "source/film.mp4"),
        ("native-upload-part", None),
        ("native-copy", "source/copy%20of%20a.png"),
        ("native-delete", "source/a.png"),
        ("native-awkward-key", "source/%E5%9B%BE%20%E7%89%87/a%2Bb%252Fc%3Fd%23e&f='1'.png"),
        ("native-every-character", EVERY),
        ("native-long-key", "%E5%9B%BE" * 341),
        ("eventbridge-post", "source/x.csv"),
        ("cdn-refreshed", None),
    ],
)
def test_every_recorded_event_comes_to_its_url_and_to_an_end(sample: str, path: str | None) -> None:
    async def main() -> tuple[SlowAccount, Shelf]:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, rule(bucket="testbucket", created=["refresh"], removed=["refresh"]))
        await instance.handle(event_sample(sample))
        await minutes(instance, 3)
        return account, shelf

    account, shelf = run(main())
    assert submitted(account) == ([[url(path)]] if path else [])
    kept = [msgspec.json.decode(shelf.objects[key], type=ChangeRecord) for key in shelf.keys("objects/")]
    # The emulated account takes URLs of up to 1,024 characters.
    outcome = "succeeded" if len(url(path or "")) <= 1_024 else "rejected"
    assert [(each.outcome, each.actions[0].object_path) for each in kept] == ([(outcome, url(path))] if path else [])
    assert not shelf.keys("pending/")


def test_an_event_delivered_three_times_to_two_instances_is_submitted_once() -> None:
    async def main() -> tuple[SlowAccount, list[list[str]]]:
        account, shelf = SlowAccount(), Shelf()
        one, other = Instance(account, shelf, REFRESH), Instance(account, shelf, REFRESH)
        answers = await asyncio.gather(*(instance.handle(event("a.jpg")) for instance in (one, other, one)))
        answers.append(await other.handle(event("a.jpg")))
        return account, [skips(answer) for answer in answers]

    account, told = run(main())
    assert submitted(account) == [[url("a.jpg")]]
    assert sorted(map(len, told)) == [0, 1, 1, 1]


def test_a_late_delivery_finds_the_change_long_over() -> None:
    async def main() -> tuple[SlowAccount, Shelf, dict[str, Any]]:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, REFRESH)
        await instance.handle(event("a.jpg"))
        await minutes(instance, 3)
        return account, shelf, await Instance(account, shelf, REFRESH).handle(event("a.jpg"))

    account, shelf, late = run(main())
    assert (len(submitted(account)), skips(late)) == (1, ["accepted by another delivery"])
    assert not shelf.keys("pending/")


def test_a_delivery_that_falls_asleep_while_it_claims_spoils_nothing() -> None:
    async def main() -> tuple[SlowAccount, Shelf]:
        account, shelf = SlowAccount(), Shelf()
        sleepy, awake = Instance(account, shelf, REFRESH), Instance(account, shelf, REFRESH)
        create = sleepy.store.create

        async def dawdling(key: str, body: bytes) -> bool:
            await asyncio.sleep(70 if key.startswith("changes/") else 0)
            return await create(key, body)

        sleepy.store.create = dawdling  # type: ignore[method-assign]
        delivery = sleepy.start(sleepy.handler.handle(event("a.jpg")))
        await minutes(awake, 1)
        await delivery
        await minutes(awake, 3)
        return account, shelf

    account, shelf = run(main())
    assert submitted(account) == [[url("a.jpg")]]
    assert document(shelf, "a.jpg").outcome == "succeeded"


def test_the_same_change_through_both_envelopes_is_one_change() -> None:
    async def main() -> SlowAccount:
        account = SlowAccount()
        instance = Instance(account, Shelf(), REFRESH)
        native = event("a.jpg")
        await instance.handle(native)
        await instance.handle(json.dumps({"id": "x", "data": json.loads(native)["events"][0]}).encode())
        return account

    assert len(submitted(run(main()))) == 1


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


@pytest.mark.parametrize("switches", [{"submit": False}, {}])
def test_without_both_switches_a_change_is_only_followed(switches: dict[str, Any]) -> None:
    rules = (REFRESH,) if switches else (rule(),)

    async def main() -> tuple[SlowAccount, Shelf]:
        account, shelf = SlowAccount(), Shelf()
        instance = Instance(account, shelf, *rules, **switches)
        await instance.handle(event("a.jpg"))
        await asyncio.sleep(20)
        account.tasks.add("cdn", [url("a.jpg")])
        await minutes(instance, 3)
        return account, shelf

    account, shelf = run(main())
    kept = document(shelf, "a.jpg")
    assert submitted(account) == []
    assert (kept.outcome, len(kept.actions[0].task_ids)) == ("succeeded", 1)


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


def test_our_own_writings_are_no_changes() -> None:
    async def main() -> tuple[dict[str, Any], Shelf]:
        shelf = Shelf()
        instance = Instance(SlowAccount(), shelf, REFRESH, store="oss://pics/status")
        return await instance.handle(event("status/objects/x.json")), shelf

    answer, shelf = run(main())
    assert (skips(answer), shelf.written) == (["the store's own"], [])


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


def test_a_failing_store_fails_the_event_so_that_it_is_delivered_again() -> None:
    async def main() -> tuple[dict[str, Any], SlowAccount]:
        account = SlowAccount()
        instance = Instance(account, Shelf(), REFRESH)
        instance.store.broken = True
        return await instance.handle(event("a.jpg")), account

    answer, account = run(main())
    assert (answer["retry"], answer["failed"][0]["reason"]) == (True, "store: the store is broken")
    assert submitted(account) == []


def test_a_sweep_without_its_store_says_so_and_is_not_repeated() -> None:
    async def main() -> dict[str, Any]:
        instance = Instance(SlowAccount(), Shelf(), REFRESH)
        instance.store.broken = True
        return await instance.sweep()

    answer = run(main())
    assert (answer["retry"], answer["failed"][0]["event"]) == (False, "timer")


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


@pytest.mark.parametrize("time", ["yesterday", "", None, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_cannot_be_true_is_a_failure_and_no_internal_error(time: str | None) -> None:
    """Case O2."""

    async def main() -> tuple[dict[str, Any], Shelf]:
        shelf = Shelf()
        told = json.loads(event("a.jpg"))
        told["events"][0]["eventTime"] = time
        return await Instance(SlowAccount(), shelf, REFRESH).handle(json.dumps(told).encode()), shelf

    answer, shelf = run(main())
    assert (answer["objects"], shelf.keys()) == ([], [])
    assert "`eventTime`" in answer["failed"][0]["reason"]
    assert answer["retry"]


def test_a_record_whose_time_cannot_be_read_fails_alone() -> None:
    async def main() -> dict[str, Any]:
        told = json.loads(event("a.jpg"))
        told["events"].append({**told["events"][0], "eventTime": "yesterday"})
        return await Instance(SlowAccount(), Shelf(), REFRESH).handle(json.dumps(told).encode())

    answer = run(main())
    assert (len(answer["objects"]), answer["retry"]) == (1, False)
    assert "eventTime" in answer["failed"][0]["reason"]


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
        told, took = [], []
        for _ in range(9):
            began = asyncio.get_running_loop().time()
            told.append((await instance.sweep())["sweep"])
            took.append(asyncio.get_running_loop().time() - began)
        return told, took

    told, took = run(main())
    assert told[0]["left"] > 0
    assert told[-1] == {"open": 0, "closed": 0, "left": 0, "failed": 0}
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


def finished(*task_ids: str) -> bytes:
    """CDN's event for finished tasks."""
    told = json.loads(event_sample("cdn-refreshed"))
    (record,) = told["events"]
    told["events"] = [
        record | {"eventParameter": record["eventParameter"] | {"taskId": int(task_id)}} for task_id in task_ids
    ]
    return json.dumps(told).encode()


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
        return (await instance.handle(finished(task_id)))["sweep"], shelf, account

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
        return await instance.handle(finished(task_id)), shelf

    answer, shelf = run(main())
    assert (answer["sweep"]["open"], answer["sweep"]["closed"], answer["retry"]) == (1, 0, False)
    assert document(shelf, "a.jpg").outcome is None


def test_an_event_of_cdn_on_tasks_of_others_costs_no_call() -> None:
    async def main() -> tuple[dict[str, Any], SlowAccount]:
        account = SlowAccount()
        instance = Instance(account, Shelf(), REFRESH)
        await instance.handle(event("a.jpg"))
        account.log.clear()
        return await instance.handle(finished("1", "2")), account

    answer, account = run(main())
    assert (answer["sweep"]["open"], account.log, answer["retry"]) == (0, [], False)


def test_an_event_of_cdn_while_the_store_is_gone_is_left_to_the_timer() -> None:
    async def main() -> dict[str, Any]:
        instance = Instance(SlowAccount(), Shelf(), REFRESH)
        instance.store.broken = True
        return await instance.handle(finished("1"))

    answer = run(main())
    assert ([each["event"] for each in answer["failed"]], answer["retry"]) == (["cdn"], False)


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


def test_submitting_rules_need_a_store(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\nbucket = "pics"\nproduct = "cdn"\nurl = "http://h/{key}"\ncreated = ["refresh"]\n')
    bare = Settings(rules_path=path, submit=True)
    stored = Settings(rules_path=path, submit=True, store="oss://kept/status")
    usable = (
        msgspec.structs.replace(stored, region="cn-hangzhou"),
        msgspec.structs.replace(stored, endpoints={"oss": Endpoint("127.0.0.1:9", "HTTP")}),
        msgspec.structs.replace(bare, submit=False),
    )

    async def main() -> None:
        service = instance_over(SlowAccount())
        with pytest.raises(SettingsError, match="TASK_STATUS_STORE"):
            open_handler(bare, service, CredentialSource({}))
        with pytest.raises(SettingsError, match="TASK_STATUS_OSS_ENDPOINT"):
            open_handler(stored, service, CredentialSource({}))
        for settings in usable:
            open_handler(settings, service, CredentialSource({}))

    run(main())
