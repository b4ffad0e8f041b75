"""What a token opened ends when the token does; a wait takes the event loop's own time."""

from __future__ import annotations

import asyncio

import httpx
import jwt
import pytest
from starlette.types import Message

from emulator.testing import Transition
from functions.api.sse import LAST_WORDS_SECONDS
from functions.server import Components, create_app
from functions.settings import AuthSettings, Settings
from tests.api.conftest import Opener
from tests.support.http_stub_service import StubTasks
from tests.support.token_clock import NOW, hold_token_clock
from tests.support.virtual_service import Account, instance_over
from tests.support.virtual_time import run

ENDLESS = Transition(by="seconds", length=10_000_000)
SECRET = "a-secret-of-at-least-32-bytes-to-sign-with"
SETTINGS = Settings(auth=AuthSettings(mode="jwt", jwt_secret=SECRET), timeout_seconds=600)


@pytest.fixture(autouse=True)
def _held_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    hold_token_clock(monkeypatch)


def bearer(seconds: int) -> dict[str, str]:
    token = jwt.encode({"exp": NOW + seconds}, SECRET, "HS256")
    return {"Authorization": f"Bearer {token}"}


async def asked(**headers: str) -> tuple[str, float]:
    """The answer about a task that never ends, and how long it took."""
    account = Account()
    account.tasks.add("cdn", ["http://example.com/a"], task_id="24840", transition=ENDLESS, age=120)
    app = create_app(Components(settings=SETTINGS, tasks=instance_over(account)))
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client:
        response = await client.get("/v1/tasks?taskId=cdn:24840&wait=55", headers=headers)
    return response.text, loop.time() - started


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
def test_a_wait_and_a_stream_end_with_their_token(accept: str) -> None:  # case A8
    text, seconds = run(asked(Accept=accept, **bearer(30)))
    assert '"done":false' in text
    assert seconds == pytest.approx(30, abs=1)


def test_without_an_end_in_sight_they_go_on() -> None:
    assert run(asked(Accept="application/json", **bearer(3_600)))[1] >= 55
    assert run(asked(Accept="text/event-stream", **bearer(3_600)))[1] > 300


def test_a_token_that_is_over_but_for_the_clocks_waits_no_more(opened: Opener, tasks: StubTasks) -> None:
    server = opened(SETTINGS)
    assert server.get("/v1/tasks?taskId=1&wait=55", headers=bearer(-5)).status_code == 200
    assert tasks.lookup_question.wait == 0


def test_clocks_of_issuer_and_service_may_differ_by_half_a_minute_and_no_more(opened: Opener) -> None:
    server = opened(SETTINGS)
    assert server.get("/v1/tasks?taskId=1", headers=bearer(-29)).status_code == 200
    assert server.get("/v1/tasks?taskId=1", headers=bearer(-30)).status_code == 401


async def unread(seconds_until_read: float) -> tuple[list[bytes], float]:
    """What a client is sent that reads its stream only then, and how long the stream took."""
    account = Account()
    account.tasks.add("cdn", ["http://example.com/a"], task_id="24840", transition=ENDLESS, age=120)
    app = create_app(Components(settings=SETTINGS, tasks=instance_over(account)))
    loop, sent, left = asyncio.get_running_loop(), list[bytes](), asyncio.Event()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            sent.append(message.get("body", b""))
            account.tasks.set_row("cdn", "24840", "http://example.com/a", status="Refreshing", progress=7.0)
            await asyncio.sleep(seconds_until_read)

    async def receive() -> Message:
        await left.wait()
        return {"type": "http.disconnect"}

    headers = {"Accept": "text/event-stream", **bearer(30)}
    await app(
        {
            "type": "http",
            "method": "GET",
            "path": "/v1/tasks",
            "query_string": b"taskId=cdn:24840",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        },
        receive,
        send,
    )
    return sent, loop.time()


def test_a_client_that_does_not_read_cannot_hold_its_stream_open() -> None:  # case A8
    sent, seconds = run(unread(10_000))
    assert len(sent) == 1
    assert seconds <= 31 + LAST_WORDS_SECONDS


def test_a_client_that_reads_late_is_told_nothing_more_once_its_token_is_over() -> None:  # case A8
    sent, _ = run(unread(30.5))
    assert [part.partition(b":")[0] for part in sent] == [b"event", b"retry"]
