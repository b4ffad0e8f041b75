"""https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md ."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from typing import Any

import pytest

from emulator.testing import Emulator
from functions.errors import SettingsError
from functions.events.change import ChangeRecord
from functions.events.notify import sender
from functions.events.notify.sender import THREADS, Answer, DeliveryResult, Request, Sender
from functions.events.notify.webhook import Webhook, signed, webhook_of
from functions.model import SystemClock
from functions.settings import Settings
from tests.support.change_records import FAILED_CHANGE
from tests.support.memory_store import Shelf
from tests.support.oss_in_process import Instance, SlowAccount, document, event, minutes, rule
from tests.support.virtual_time import run

SECRET = b"k" * 24


def webhook_at(url: str, secret: bytes | None = SECRET, clock: Any = None) -> Webhook:
    made = webhook_of(Settings(webhook_url=url, webhook_secret=secret), "oss://kept/status/", clock or SystemClock())
    assert made is not None
    return made


def deliver(webhook: Webhook, record: ChangeRecord = FAILED_CHANGE) -> DeliveryResult:
    try:
        return asyncio.run(webhook.deliver(record))
    finally:
        webhook.close()


def test_the_signature_is_that_of_the_specification() -> None:
    # The example of the specification's own libraries.
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    headers = signed(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signed_note_says_what_happened_and_where_the_rest_is(emu: Emulator) -> None:
    assert deliver(webhook_at(emu.webhooks.url(emu.url))) is DeliveryResult.DELIVERED
    (message,) = emu.webhooks.received
    signed_content = b".".join(
        (message.headers["webhook-id"].encode(), message.headers["webhook-timestamp"].encode(), message.body)
    )
    expected = base64.b64encode(hmac.new(SECRET, signed_content, hashlib.sha256).digest()).decode()
    assert message.headers["webhook-signature"] == f"v1,{expected}"
    body = json.loads(message.body)
    assert (body["type"], body["timestamp"]) == ("object.done", "2026-11-22T03:36:00.000Z")
    assert {name: body["data"][name] for name in ("bucket", "key", "outcome", "document")} == {
        "bucket": "pics",
        "key": "a.jpg",
        "outcome": "failed",
        "document": f"oss://kept/status/objects/{FAILED_CHANGE.object_id}.json",
    }
    assert [action["taskIds"] for action in body["data"]["actions"]] == [["1"]]


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (204, DeliveryResult.DELIVERED),
        (200, DeliveryResult.DELIVERED),
        (410, DeliveryResult.DELIVERED),
        (500, DeliveryResult.FAILED),
        (404, DeliveryResult.FAILED),
    ],
)
def test_only_a_2xx_is_taken_for_an_answer_and_a_410_for_a_farewell(
    emu: Emulator, status: int, result: DeliveryResult
) -> None:
    emu.webhooks.answer(status, times=1)
    assert deliver(webhook_at(emu.webhooks.url(emu.url))) is result


def test_a_redirect_is_not_followed(emu: Emulator) -> None:
    emu.webhooks.answer(307, times=1)
    assert deliver(webhook_at(emu.webhooks.url(emu.url))) is DeliveryResult.FAILED
    assert len(emu.webhooks.received) == 1


def test_a_receiver_that_never_answers_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "SECONDS", 0.1)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert deliver(webhook_at(f"http://127.0.0.1:{silent.getsockname()[1]}/")) is DeliveryResult.FAILED


def test_nobody_there_is_no_error() -> None:
    assert deliver(webhook_at("http://127.0.0.1:1/")) is DeliveryResult.FAILED


def test_without_a_secret_the_start_is_stopped() -> None:
    with pytest.raises(SettingsError, match="TASK_STATUS_WEBHOOK_SECRET"):
        webhook_at("http://127.0.0.1:1/", None)


class Network:
    """Stands in for the network: notes what is posted, and answers as told."""

    def __init__(self, statuses: list[int], seconds: float = 0.0) -> None:
        self.statuses = statuses
        self.seconds = seconds
        self.posted: list[tuple[float, Request]] = []

    async def post(self, request: Request) -> Answer:
        self.posted.append((asyncio.get_running_loop().time(), request))
        await asyncio.sleep(self.seconds)
        return Answer(self.statuses.pop(0) if self.statuses else 204)


def test_the_sweep_tells_once_and_tries_again_with_the_same_id_when_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network([500, 0, 503])
    monkeypatch.setattr(Sender, "_post", lambda _, request: network.post(request))

    async def main() -> Shelf:
        shelf = Shelf()
        instance = Instance(
            SlowAccount(), shelf, rule(created=["refresh"]), webhook_url="http://h/", webhook_secret=SECRET
        )
        answer = await instance.handle(event("a.jpg"))
        assert not answer["retry"]
        await minutes(instance, 15)
        return shelf

    shelf = run(main())
    assert document(shelf, "a.jpg").outcome == "succeeded"
    assert not shelf.keys("pending/")
    assert len({request.headers["webhook-id"] for _, request in network.posted}) == 1
    times = [round(at / 60) for at, _ in network.posted]
    assert [later - times[0] for later in times] == [0, 1, 3, 7]


def test_both_changes_of_one_second_are_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case O1."""
    network = Network([])
    monkeypatch.setattr(Sender, "_post", lambda _, request: network.post(request))

    async def main() -> Shelf:
        shelf = Shelf()
        refresh = rule(created=["refresh"])
        instance = Instance(SlowAccount(), shelf, refresh, webhook_url="http://h/", webhook_secret=SECRET)
        for request in ("R-1", "R-2"):
            await instance.handle(event("a.jpg", request=request))
        await minutes(instance, 3)
        return shelf

    assert not run(main()).keys("pending/")
    assert len({request.headers["webhook-id"] for _, request in network.posted}) == 2


def test_a_change_that_was_overtaken_is_not_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network([])
    monkeypatch.setattr(Sender, "_post", lambda _, request: network.post(request))

    async def main() -> Shelf:
        shelf = Shelf()
        refresh = rule(created=["refresh"])
        instance = Instance(SlowAccount(), shelf, refresh, webhook_url="http://h/", webhook_secret=SECRET)
        await asyncio.sleep(60)
        for seconds in (50, 10):
            await instance.handle(event("a.jpg", seconds=seconds, request=f"R-{seconds}"))
            await minutes(instance, 3)
        return shelf

    assert not run(main()).keys("pending/")
    assert len(network.posted) == 1


def test_a_dead_receiver_does_not_hold_up_a_sweep_and_is_given_up_after_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network([0] * 1_000, seconds=5.0)
    monkeypatch.setattr(Sender, "_post", lambda _, request: network.post(request))

    async def main() -> tuple[int, Shelf]:
        shelf = Shelf()
        instance = Instance(
            SlowAccount(), shelf, rule(created=["refresh"]), webhook_url="http://h/", webhook_secret=SECRET
        )
        await asyncio.gather(*(instance.handle(event(f"{number}.jpg")) for number in range(100)))
        await minutes(instance, 2)
        tried = len(network.posted)
        await asyncio.sleep(86_400)
        await minutes(instance, 1)
        return tried, shelf

    tried, shelf = run(main())
    assert tried <= 2 * THREADS
    assert not shelf.keys("pending/")
    assert document(shelf, "7.jpg").outcome == "succeeded"
