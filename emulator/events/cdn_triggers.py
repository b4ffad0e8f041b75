"""CDN triggers: a finished refresh or preload invokes a function, as `cdn_events` does (docs/function-compute.md 5)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from threading import Lock
from typing import Literal
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec

from emulator.core.background import Background
from emulator.core.clock import Clock
from emulator.events.delivery import EventSender, Invocation
from emulator.events.oss_event import OWNER, REGION
from emulator.tasks.backend import UNFINISHED, TaskBackend
from emulator.tasks.records import TaskView

PRODUCT = "cdn"
LOOK_SECONDS = 0.1
BEIJING = timezone(timedelta(hours=8))
EventName = Literal["CachedObjectsRefreshed", "CachedObjectsPushed"]


class CdnTrigger(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which tasks invoke the function at `url` (its base); a trigger has one event and some domains."""

    url: str
    event_name: EventName
    domains: tuple[str, ...]

    def matches(self, task: TaskView) -> bool:
        """Whether the end of `task` invokes the function."""
        pushed = task.object_type == "preload"
        return pushed == (self.event_name == "CachedObjectsPushed") and _domain(task) in self.domains

    def event(self, task: TaskView, now: float) -> bytes:
        """The record, with the task's id as an integer and paths without their host."""
        record = {
            "eventName": self.event_name,
            "eventVersion": "1.0.0",
            "eventSource": "cdn",
            "region": REGION,
            "eventTime": datetime.fromtimestamp(int(now), UTC).astimezone(BEIJING).isoformat(),
            "traceId": str(uuid4()),
            "resource": {"domain": _domain(task)},
            "eventParameter": {
                "objectPath": [_path(row.object_path) for row in task.rows],
                "createTime": task.created_at,
                "domain": _domain(task),
                "completeTime": int(now),
                "objectType": task.object_type.capitalize(),
                "taskId": int(task.task_id),
            },
            "userIdentity": {"aliUid": OWNER},
        }
        return msgspec.json.encode({"events": [record]})


class CdnTriggers:
    """The triggers that are on. Thread-safe; they look at the tasks by real time, which is no read of them."""

    def __init__(self, tasks: TaskBackend, clock: Clock, background: Background, sender: EventSender) -> None:
        """`sender` delivers what has happened to `tasks`."""
        self._tasks = tasks
        self._clock = clock
        self._background = background
        self._sender = sender
        self._lock = Lock()
        self._on: list[CdnTrigger] = []

    def add(self, trigger: CdnTrigger) -> None:
        """Invoke its function for each task that finishes from now on."""
        with self._lock:
            self._on.append(trigger)
        finished = {task.task_id for task in self._tasks.all(PRODUCT) if _is_finished(task)}
        self._background.begin(lambda: self._run(trigger, finished))

    def clear(self) -> None:
        """No function is invoked any more."""
        with self._lock:
            self._on = []

    async def _run(self, trigger: CdnTrigger, finished: set[str]) -> None:
        while any(trigger is each for each in self._on):
            for task in self._tasks.all(PRODUCT):
                if task.task_id not in finished and _is_finished(task):
                    finished.add(task.task_id)
                    self._send(trigger, task)
            await asyncio.sleep(LOOK_SECONDS)

    def _send(self, trigger: CdnTrigger, task: TaskView) -> None:
        if trigger.matches(task):
            body = trigger.event(task, self._clock.now())
            self._sender.send_copies(Invocation(url=trigger.url, kind="cdn", key=task.task_id, body=body))


def _is_finished(task: TaskView) -> bool:
    return bool(task.rows) and not any(row.status in UNFINISHED for row in task.rows)


def _domain(task: TaskView) -> str:
    return urlsplit(task.rows[0].object_path).netloc.lower() if task.rows else ""


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2]
