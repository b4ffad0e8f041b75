"""The whole events function in one process and in virtual time, over an emulated account and a store in memory.

An `Instance` can be killed: everything that runs in it ends where it stands, and what was on its way may still arrive.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from emulator.tasks.transition import Transition
from functions.errors import Reason, UpstreamFault
from functions.events.change import ChangeRecord, object_id
from functions.events.handler import OssEventHandler
from functions.events.rules import Rule, Rules
from functions.events.timings import Timings, timings_of
from functions.events.wiring import store_backed
from functions.settings import Settings
from functions.upstream.operation import Operation
from functions.upstream.sdk_client import RawAnswer
from tests.support.memory_store import MemoryStore, Shelf
from tests.support.samples import event_sample
from tests.support.virtual_service import Account, instance_over
from tests.support.virtual_time import EPOCH, LoopClock

T = TypeVar("T")
TIMER = event_sample("fc-timer")
_RUNS_IN: ContextVar[object] = ContextVar("runs_in", default=None)


class SlowAccount(Account):
    """An account whose answers take a while to come back, so that a kill can fall between effect and answer.

    The answers to actions in `lost` never come.
    """

    def __init__(self, *, limits: bool = True, latency: float = 0.02) -> None:
        super().__init__(limits=limits, latency=latency)
        self.lost: set[str] = set()
        self.tasks.submit_transition = Transition(by="seconds", length=40)

    async def call(self, operation: Operation, parameters: Mapping[str, Any], seconds: float) -> RawAnswer:
        answer = await super().call(operation, parameters, seconds)
        await asyncio.sleep(self.latency)
        if operation.action in self.lost:
            raise UpstreamFault(Reason.TIMEOUT, product=operation.product)
        return answer


def url(key: str) -> str:
    return f"http://img.example.com/{key}"


def rule(**members: Any) -> Rule:
    given = {"bucket": "pics", "product": "cdn", "url": "http://img.example.com/{key}", **members}
    return msgspec.convert(given, Rule)


def event(key: str, *, seconds: float = 0.0, request: str = "R-1", name: str = "ObjectCreated:PutObject") -> bytes:
    """A native event; `seconds` after the epoch of virtual time, told in whole seconds as OSS does."""
    time = datetime.fromtimestamp(EPOCH + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    record = {
        "eventName": name,
        "eventTime": time,
        "oss": {"bucket": {"name": "pics"}, "object": {"key": key, "eTag": "E"}},
        "responseElements": {"requestId": request},
    }
    return json.dumps({"events": [record]}).encode()


def cdn_event(*task_ids: str, domain: str = "img.example.com", name: str = "CachedObjectsRefreshed") -> bytes:
    """CDN's event for finished tasks."""
    native = json.loads(event_sample("cdn-refreshed"))
    (record,) = native["events"]
    native["events"] = [
        record | {"eventName": name, "eventParameter": {"taskId": int(task_id), "domain": domain}}
        for task_id in task_ids
    ]
    return json.dumps(native).encode()


class Instance:
    """One instance of the events function over a shared shelf and account."""

    def __init__(
        self, account: Account, shelf: Shelf, *rules: Rule, timings: Timings | None = None, **settings: Any
    ) -> None:
        members = {"store": "oss://kept/status", "submit": True, "keep_quota": 0.0, "products": ("cdn",), **settings}
        self.settings = Settings(**members)
        self.store = MemoryStore(shelf)
        self.service = instance_over(account, self.settings)
        changes = store_backed(
            self.settings, Rules(rules), self.service, self.store, timings or timings_of(self.settings), LoopClock()
        )
        self.handler = OssEventHandler(changes)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def handle(self, body: bytes) -> dict[str, Any]:
        """The answer to an event; its `failed` is right only where a test says so."""
        answer = await self.start(self.handler.handle(body))
        return {**json.loads(answer.body), "retry": answer.failed}

    async def sweep(self) -> dict[str, Any]:
        return await self.handle(TIMER)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run something that ends with this instance, and all that it begins."""
        loop = asyncio.get_running_loop()
        loop.set_task_factory(_remembering)  # type: ignore[arg-type] # typeshed wants it to take no keywords
        token = _RUNS_IN.set(self)
        try:
            return asyncio.ensure_future(work)
        finally:
            _RUNS_IN.reset(token)

    def kill(self) -> None:
        for task in list(self._tasks):
            task.cancel()


def _remembering(loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, T], **more: Any) -> asyncio.Task[T]:
    task = asyncio.Task(coro, loop=loop, **more)
    instance = _RUNS_IN.get()
    if isinstance(instance, Instance):
        instance._tasks.add(task)
        task.add_done_callback(instance._tasks.discard)
    return task


def document(shelf: Shelf, key: str) -> ChangeRecord:
    """What is kept of an object."""
    return msgspec.json.decode(shelf.objects[f"objects/{object_id('pics', key)}.json"], type=ChangeRecord)


def submitted(account: Account, action: str = "RefreshObjectCaches") -> list[list[str]]:
    """The URLs of each call that submitted, in order."""
    return [parameters["ObjectPath"].split("\n") for called, parameters in account.log if called == action]


async def minutes(instance: Instance, count: int) -> list[dict[str, Any]]:
    """So many minutes with a sweep at the end of each."""
    swept = []
    for _ in range(count):
        await asyncio.sleep(60)
        swept.append((await instance.sweep())["sweep"])
    return swept
