"""A changed object accepted: by one delivery of all, and with everything that changed beside it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest

from functions.events.change import ChangeRecord
from tests.support.memory_store import Shelf
from tests.support.oss_in_process import Instance, SlowAccount, document, event, minutes, rule, submitted, url
from tests.support.samples import event_sample
from tests.support.virtual_time import run

REFRESH = rule(created=["refresh"])


WARM = rule(created=["refresh", "preload"], removed=["refresh"])


def skips(answer: dict[str, Any]) -> list[str]:
    return [each["reason"] for each in answer["skipped"]]


EVERY = (
    "a/!%22%23$%25&'()*%2B,-.0123456789:;%3C=%3E%3F@ABCDEFGHIJKLMNOPQRSTUVWXYZ%5B%5C%5D%5E_%60"
    "abcdefghijklmnopqrstuvwxyz%7B%7C%7D~/%C3%A9%E6%BC%A2%F0%9F%98%80~%20."
)


def test_an_event_is_answered_with_the_tasks_that_were_made_for_it() -> None:
    async def main() -> dict[str, Any]:
        return await Instance(SlowAccount(), Shelf(), WARM).handle(event("a b+c.jpg"))

    answer = run(main())
    (entry,) = answer["objects"]
    assert (entry["bucket"], entry["key"], entry["urls"]) == ("pics", "a b+c.jpg", [url("a%20b%2Bc.jpg")])
    assert [each["products"] for each in entry["report"]["undecided"]] == [["cdn"]]
    assert (entry["report"]["summary"]["done"], answer["retry"]) == (False, False)


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

    account, skipped = run(main())
    assert submitted(account) == [[url("a.jpg")]]
    assert sorted(map(len, skipped)) == [0, 1, 1, 1]


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


def test_our_own_writings_are_no_changes() -> None:
    async def main() -> tuple[dict[str, Any], Shelf]:
        shelf = Shelf()
        instance = Instance(SlowAccount(), shelf, REFRESH, store="oss://pics/status")
        return await instance.handle(event("status/objects/x.json")), shelf

    answer, shelf = run(main())
    assert (skips(answer), shelf.written) == (["the store's own"], [])


def test_a_failing_store_fails_the_event_so_that_it_is_delivered_again() -> None:
    async def main() -> tuple[dict[str, Any], SlowAccount]:
        account = SlowAccount()
        instance = Instance(account, Shelf(), REFRESH)
        instance.store.broken = True
        return await instance.handle(event("a.jpg")), account

    answer, account = run(main())
    assert (answer["retry"], answer["failed"][0]["reason"]) == (True, "store: the store is broken")
    assert submitted(account) == []


@pytest.mark.parametrize(
    "time",
    [
        "yesterday",
        "",
        None,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-11-24T03:30:00Z",
        "1999-01-01T00:00:00Z",
    ],
)
def test_a_time_that_cannot_be_true_is_a_failure_and_no_internal_error(time: str | None) -> None:
    """Case O2."""

    async def main() -> tuple[dict[str, Any], Shelf]:
        shelf = Shelf()
        native = json.loads(event("a.jpg"))
        native["events"][0]["eventTime"] = time
        return await Instance(SlowAccount(), shelf, REFRESH).handle(json.dumps(native).encode()), shelf

    answer, shelf = run(main())
    assert (answer["objects"], shelf.keys()) == ([], [])
    assert "`eventTime`" in answer["failed"][0]["reason"]
    assert answer["retry"]


def test_a_record_whose_time_cannot_be_read_fails_alone() -> None:
    async def main() -> dict[str, Any]:
        native = json.loads(event("a.jpg"))
        native["events"].append({**native["events"][0], "eventTime": "yesterday"})
        return await Instance(SlowAccount(), Shelf(), REFRESH).handle(json.dumps(native).encode())

    answer = run(main())
    assert (len(answer["objects"]), answer["retry"]) == (1, False)
    assert "eventTime" in answer["failed"][0]["reason"]
