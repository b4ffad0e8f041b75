"""What CDN tells the events function ends what is watched on other instances, over a real redis-server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from emulator.demo.redis_server import RedisServer
from emulator.testing import Emulator, Transition
from functions.events.handler import OssEventHandler
from functions.events.wiring import open_handler
from functions.settings import read_settings
from functions.tasks.lookup import poll_interval
from functions.tasks.service import TaskService
from functions.upstream.credentials import CredentialSource
from tests.support.fleet import fleet_of
from tests.support.real_service import KEY, environment_of, query_of
from tests.support.samples import event_sample

BY_ID = "DescribeRefreshTaskById"
PATH = "http://a.example.com/x"
LONG_SECONDS = 3_600

pytestmark = pytest.mark.usefixtures("patient", "only_pushed")


@pytest.fixture
def only_pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No watch looks again by itself before the test is over."""
    monkeypatch.setattr(poll_interval, "SOON_SECONDS", float(LONG_SECONDS))


@asynccontextmanager
async def web_and_events(
    emu: Emulator, redis: RedisServer, **settings: Any
) -> AsyncIterator[tuple[TaskService, OssEventHandler]]:
    """An instance of each function."""
    members = {"shared": redis.url, "instances": 2, **settings}
    async with fleet_of(2, emu, redis.url, **settings) as (web, events):
        yield web, open_handler(read_settings(environment_of(emu, **members)), events, CredentialSource(KEY))


def running_task(emu: Emulator) -> str:
    return emu.tasks.add("cdn", [PATH], age=120, transition=Transition(by="seconds", length=LONG_SECONDS))


def completion_of(task_id: str) -> bytes:
    told = json.loads(event_sample("cdn-refreshed"))
    told["events"][0]["eventParameter"]["taskId"] = int(task_id)
    return json.dumps(told).encode()


@pytest.mark.parametrize("fresh_seconds", [0, 60])
def test_a_watch_on_another_instance_ends_by_the_one_look_that_a_completion_causes(
    emu: Emulator, redis: RedisServer, fresh_seconds: int
) -> None:
    task_id = running_task(emu)

    async def main() -> str | None:
        async with web_and_events(emu, redis, fresh_seconds=fresh_seconds) as (web, events):
            async with web.watch(query_of(f"cdn:{task_id}")) as viewer:
                first = await viewer.newest()
                emu.tasks.set_row("cdn", task_id, PATH, status="Complete", progress=100)
                await events.handle(completion_of(task_id))
                later = await viewer.after(first, asyncio.get_running_loop().time() + 60)
            return later.report.summary.outcome if later else None

    assert asyncio.run(main()) == "succeeded"
    assert emu.calls.count(BY_ID) == 2
