"""Messages go to the addresses of the settings and nowhere else: nothing that a stranger writes is taken for one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.events.notify.sender import Answer, Request, Sender
from functions.settings import Settings
from tests.support.http_stub_service import StubTasks, serving
from tests.support.memory_store import Shelf
from tests.support.oss_in_process import Instance, SlowAccount, event, minutes, rule
from tests.support.virtual_time import run

WEBHOOK, ROBOT = "http://hooks.example.com/tasks", "https://oapi.dingtalk.com/robot/send?access_token=top-secret-token"
ELSEWHERE = "http://169.254.169.254/latest/meta-data"
KEYS = [
    f"{ELSEWHERE}.jpg",
    "a.jpg?webhook=http://169.254.169.254/",
    "@169.254.169.254/a.jpg",
    f"a\r\nHost: 169.254.169.254\r\n{ELSEWHERE}.jpg",
]
SETTINGS = dict.fromkeys(
    ("webhook", "webhookUrl", "webhook_url", "TASK_STATUS_WEBHOOK_URL", "TASK_STATUS_NOTIFY", "notify", "callback"),
    ELSEWHERE,
)


def with_addresses(body: bytes) -> bytes:
    """The event with an address wherever a stranger could think that one is read."""
    told: dict[str, Any] = json.loads(body)
    (record,) = told["events"]
    record |= SETTINGS
    record["oss"] |= SETTINGS
    record["oss"]["bucket"] |= SETTINGS
    record["oss"]["object"] |= SETTINGS
    return json.dumps(told | SETTINGS).encode()


@pytest.mark.parametrize("key", KEYS)
def test_no_event_and_no_key_has_a_message_sent_elsewhere(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    posted: list[Request] = []

    async def post(_: Sender, request: Request) -> Answer:
        posted.append(request)
        return Answer(200, b'{"errcode": 0}')

    monkeypatch.setattr(Sender, "_post", post)

    async def main() -> None:
        instance = Instance(
            SlowAccount(),
            Shelf(),
            rule(created=["refresh"]),
            webhook_url=WEBHOOK,
            webhook_secret=b"k" * 24,
            notify=f"dingtalk={ROBOT}",
        )
        await instance.handle(with_addresses(event(key)))
        await minutes(instance, 5)

    run(main())
    assert {request.url for request in posted} == {WEBHOOK, ROBOT}


@pytest.mark.parametrize("name", SETTINGS)
def test_no_request_can_name_an_address(name: str) -> None:
    settings = Settings(submit=True, products=("cdn",))
    lookup = {"taskId": ["1"], name: ELSEWHERE}
    with serving(settings, StubTasks()) as client:
        answers = [
            client.get("/v1/tasks", params={"taskId": "1", name: ELSEWHERE}),
            client.post("/v1/tasks/query", json=lookup),
            client.get("/v1/quota", params={name: ELSEWHERE}),
        ]
    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert {fault["parameter"] for answer in answers for fault in answer.json()["errors"]} == {name}
