"""The same request under the same Idempotency-Key has one effect and one answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import jwt
import pytest

from functions.api.problems import RequestRefused
from functions.api.routes.idempotency import KEPT_SECONDS, MAX_BYTES, IdempotencyCache
from functions.errors import RejectReason
from functions.model import Moment
from functions.tasks.submit import Submission, SubmitAnswer
from tests.api.conftest import Opener
from tests.api.routes.test_submit import EMULATED, GUARDED, PATH, SECRET, URL, body, rejecting
from tests.support.eventually import eventually
from tests.support.http_stub_service import StubTasks, all_accepted, problem
from tests.support.token_clock import NEVER


def keyed(key: str = "8e03978e-40d5-43dd-bc93-6894a57f9324", **headers: str) -> dict[str, str]:
    return {"Idempotency-Key": key, **headers}


@pytest.fixture
def submitting(opened: Opener) -> httpx.Client:
    return opened(EMULATED)


def test_a_request_that_comes_again_gets_the_first_answer(submitting: httpx.Client, tasks: StubTasks) -> None:
    first = submitting.post(PATH, json=body(), headers=keyed())
    reordered = dict(reversed(body(objectType="file").items()))
    again = submitting.post(PATH, json=reordered, headers=keyed())
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert len(tasks.submissions) == 1


def test_without_a_key_or_with_another_it_is_another_request(submitting: httpx.Client, tasks: StubTasks) -> None:
    for headers in ({}, {}, keyed("a"), keyed("b"), keyed("A")):
        assert submitting.post(PATH, json=body(), headers=headers).status_code == 202
    assert len(tasks.submissions) == 5


@pytest.mark.parametrize(
    "members",
    [{"product": "dcdn"}, {"action": "preload"}, {"objectType": "ignoreparams"}, {"objectPaths": [URL + "?"]}],
)
def test_another_request_under_the_same_key_is_refused(
    submitting: httpx.Client, tasks: StubTasks, members: dict[str, object]
) -> None:
    submitting.post(PATH, json=body(), headers=keyed())
    problem(submitting.post(PATH, json=body(**members), headers=keyed()), 422, "idempotency-key-reused")
    assert len(tasks.submissions) == 1


def test_while_the_first_is_under_way_the_second_waits_for_its_answer(
    submitting: httpx.Client, tasks: StubTasks
) -> None:
    finish = threading.Event()

    async def until_told(submission: Submission) -> SubmitAnswer:
        await asyncio.to_thread(finish.wait)
        return await all_accepted(submission)

    tasks.submit_work = until_told
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(submitting.post, PATH, json=body(), headers=keyed()) for _ in range(4)]
        eventually(lambda: tasks.submissions)
        problem(submitting.post(PATH, json=body(product="vod"), headers=keyed()), 422, "idempotency-key-reused")
        finish.set()
        answers = {each.result().content for each in sent}
    assert (len(answers), len(tasks.submissions)) == (1, 1)


def test_two_callers_may_think_of_the_same_key_and_a_renewed_token_is_the_same_caller(
    opened: Opener, tasks: StubTasks
) -> None:
    server = opened(GUARDED)

    def post_as(caller: str, seconds: int, **claims: object) -> None:
        signed = jwt.encode(
            {"sub": caller, "iat": seconds, "exp": NEVER + seconds, "jti": str(seconds), **claims}, SECRET, "HS256"
        )
        response = server.post(PATH, json=body(), headers=keyed(Authorization=f"Bearer {signed}"))
        assert response.status_code == 202

    post_as("me", 60)
    post_as("me", 90)
    assert len(tasks.submissions) == 1
    post_as("you", 60)
    post_as("me", 60, products=["cdn"])
    assert len(tasks.submissions) == 2


@pytest.mark.parametrize("reason", [RejectReason.THROTTLED, RejectReason.QUOTA_EXCEEDED, RejectReason.REJECTED])
def test_what_had_no_effect_may_be_tried_again(
    submitting: httpx.Client, tasks: StubTasks, reason: RejectReason
) -> None:
    tasks.submit_work = rejecting(reason, None)
    problem(submitting.post(PATH, json=body(), headers=keyed()), 422 if reason == "rejected" else 429, reason)
    tasks.submit_work = all_accepted
    assert submitting.post(PATH, json=body(), headers=keyed()).status_code == 202


def test_what_may_have_had_an_effect_is_not_tried_again(submitting: httpx.Client, tasks: StubTasks) -> None:
    tasks.submit_work = rejecting(RejectReason.UNKNOWN_OUTCOME, None)
    for _ in range(2):
        problem(submitting.post(PATH, json=body(), headers=keyed()), 504, "unknown-outcome")
    assert len(tasks.submissions) == 1


def test_what_failed_unforeseen_is_not_tried_again(submitting: httpx.Client, tasks: StubTasks) -> None:
    async def broken(_: Submission) -> SubmitAnswer:
        raise ZeroDivisionError

    tasks.submit_work = broken
    for _ in range(2):
        problem(submitting.post(PATH, json=body(), headers=keyed()), 500, "internal-error")
    assert len(tasks.submissions) == 1


@pytest.mark.parametrize("key", ["", "with blank", "x" * 256, "ä"])
def test_a_key_that_is_none_is_a_fault(submitting: httpx.Client, tasks: StubTasks, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode())]
    document = problem(submitting.post(PATH, json=body(), headers=headers), 400, "invalid-request")
    assert document["errors"][0]["parameter"] == "Idempotency-Key"
    assert tasks.submissions == []


def test_two_keys_are_none(submitting: httpx.Client) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    problem(submitting.post(PATH, json=body(), headers=headers), 400, "invalid-request")


class HandClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> Moment:
        return Moment(wall=self.seconds, mono=self.seconds)


class Counting:
    """Work that says how often it was done."""

    def __init__(self) -> None:
        self.done = 0

    async def work(self) -> int:
        self.done += 1
        await asyncio.sleep(0)
        return self.done


def repeats(clock: HandClock, size: Callable[[int], int] = lambda _: 0) -> IdempotencyCache[int]:
    return IdempotencyCache(clock, size, lambda _: True)


def test_after_ten_minutes_a_key_is_free_again() -> None:
    async def scenario() -> list[int]:
        clock, counting = HandClock(), Counting()
        known = repeats(clock)
        answers = []
        for seconds in (0.0, KEPT_SECONDS - 1, KEPT_SECONDS, 2 * KEPT_SECONDS - 1):
            clock.seconds = seconds
            answers.append(await known.once(("me", "key"), b"1", counting.work))
        clock.seconds = 2 * KEPT_SECONDS
        answers.append(await known.once(("me", "key"), b"other", counting.work))
        return answers

    assert asyncio.run(scenario()) == [1, 1, 2, 2, 3]


def test_who_goes_away_does_not_stop_what_is_under_way() -> None:
    async def scenario() -> tuple[int, int]:
        counting = Counting()
        known = repeats(HandClock())
        first = asyncio.create_task(known.once(("me", "key"), b"1", counting.work))
        await asyncio.sleep(0)
        first.cancel()
        return await known.once(("me", "key"), b"1", counting.work), counting.done

    assert asyncio.run(scenario()) == (1, 1)


def test_the_room_for_answers_is_bounded_and_the_oldest_goes_first() -> None:
    async def ask(known: IdempotencyCache[int], key: str, work: Callable[[], Awaitable[int]]) -> int:
        return await known.once(("me", key), b"1", work)

    async def scenario() -> list[int]:
        counting = Counting()
        known = repeats(HandClock(), lambda _: MAX_BYTES // 3)
        keys = ["a", "b", "c", "c", "a"]
        return [await ask(known, key, counting.work) for key in keys]

    assert asyncio.run(scenario()) == [1, 2, 3, 3, 4]


def test_an_answer_larger_than_all_the_room_is_given_but_not_kept() -> None:
    async def scenario() -> list[int]:
        counting = Counting()
        known = repeats(HandClock(), lambda _: MAX_BYTES)
        return [await known.once(("me", "key"), b"1", counting.work) for _ in range(2)]

    assert asyncio.run(scenario()) == [1, 2]


def test_the_key_of_another_request_is_refused_even_while_it_is_under_way() -> None:
    async def scenario() -> None:
        counting = Counting()
        known = repeats(HandClock())
        first = asyncio.create_task(known.once(("me", "key"), b"1", counting.work))
        await asyncio.sleep(0)
        with pytest.raises(RequestRefused, match="idempotency-key-reused"):
            await known.once(("me", "key"), b"2", counting.work)
        await first

    asyncio.run(scenario())
