"""Event streams: a lookup that stays open and says what changes (design part 4, "Event stream").

A stream reads the newest state of its question's watch when its client is ready for it. It is never buffered ahead,
so a slow reader holds up nobody; and frames are encoded once for all who saw the same before.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import msgspec
from cachetools import LRUCache
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from functions.api.middleware.observe import problem_for
from functions.api.negotiation import Representation
from functions.settings import Settings
from functions.tasks.lookup.watch import Viewer
from functions.tasks.query import LookupQuery
from functions.tasks.report import Task, TaskReport
from functions.tasks.results import LookupAnswer

HEARTBEAT_SECONDS = 15.0
LONGEST_STREAM_SECONDS = 7_200.0
END_BEFORE_TIMEOUT_SECONDS = 5.0
_FRAME_CACHE_BYTES = 4 * 1024 * 1024
_HEARTBEAT = b":\n\n"

OpenWatch = Callable[[LookupQuery], AbstractAsyncContextManager[Viewer]]


class Over(msgspec.Struct, frozen=True):
    """The data of `event: done`."""

    version: str
    outcome: str | None


class Frames:
    """Encodes what a viewer has not seen yet; viewers in step share one encoding."""

    def __init__(self) -> None:
        """Bounded in bytes; the answers are held so that their identity is not taken by another."""
        self._encoded: LRUCache[tuple[str | None, int], tuple[LookupAnswer, bytes]] = LRUCache(
            _FRAME_CACHE_BYTES, getsizeof=lambda entry: len(entry[1])
        )

    def between(self, seen: LookupAnswer | None, answer: LookupAnswer) -> bytes:
        """`report` for who has seen nothing, else `update` with the tasks that changed."""
        key = (seen.report.version if seen else None, id(answer))
        kept = self._encoded.get(key)
        if kept is not None:
            return kept[1]
        frame = _frame("report", answer.report) if seen is None else _frame("update", _changed(seen, answer))
        if len(frame) <= _FRAME_CACHE_BYTES:
            self._encoded[key] = (answer, frame)
        return frame


class EventStreams:
    """Makes the streams of one app."""

    def __init__(self, settings: Settings, watch: OpenWatch, jitter: Callable[[], float] = random.random) -> None:
        """`watch` opens a question's watch; `jitter` gives numbers from 0 to 1."""
        self.watch = watch
        self.frames = Frames()
        self._longest = min(settings.timeout_seconds - END_BEFORE_TIMEOUT_SECONDS, LONGEST_STREAM_SECONDS)
        self._jitter = jitter

    def open(self, query: LookupQuery, last_event_id: str | None) -> Response:
        """The stream for a lookup; `last_event_id` resumes like `after`."""
        return _EventStream(self, query, query.after or last_event_id)

    def seconds(self) -> float:
        """How long a stream stays open: short of the function's own timeout, and not all to the same moment."""
        return self._longest * (1 - 0.1 * self._jitter())

    def come_back(self) -> bytes:
        """The last words of a stream that is not over: reconnect, but not all at once."""
        return f"retry: {1000 + int(2000 * self._jitter())}\n\n".encode()


class _EventStream(Response):
    """One stream. Before its first byte it can still be refused like any other answer."""

    media_type = Representation.EVENT_STREAM

    def __init__(self, streams: EventStreams, query: LookupQuery, resumed_from: str | None) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._streams = streams
        self._query = query
        self._resumed_from = resumed_from

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._streams.watch(self._query) as watch:
            first = await watch.newest()
            known = first.report.version == self._resumed_from
            if known and first.report.summary.done:
                await Response(status_code=204)(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            telling = asyncio.create_task(self._tell(watch, first, send, known=known))
            gone = asyncio.create_task(_gone(receive))
            try:
                await asyncio.wait({telling, gone}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                telling.cancel()
            if telling.done() and not telling.cancelled():
                await _end_badly(telling.exception(), scope, send)

    async def _tell(self, watch: Viewer, answer: LookupAnswer, send: Send, *, known: bool) -> None:
        async def write(part: bytes, *, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": part, "more_body": more})

        loop = asyncio.get_running_loop()
        end = loop.time() + self._streams.seconds()
        await write(_HEARTBEAT if known else self._streams.frames.between(None, answer))
        while not answer.report.summary.done:
            later = await watch.after(answer, min(end, loop.time() + HEARTBEAT_SECONDS))
            if later is not None:
                await write(self._streams.frames.between(answer, later))
                answer = later
            elif watch.closed or loop.time() >= end:
                await write(self._streams.come_back(), more=False)
                return
            else:
                await write(_HEARTBEAT)
        await write(_over(answer.report), more=False)


async def _end_badly(fault: BaseException | None, scope: Scope, send: Send) -> None:
    """A stream that broke says so; its client was told nothing else yet about why it ends."""
    if isinstance(fault, Exception):
        document = msgspec.json.encode(problem_for(scope, fault).document)
        await send({"type": "http.response.body", "body": b"event: problem\ndata: " + document + b"\n\n"})


async def _gone(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _changed(seen: LookupAnswer, answer: LookupAnswer) -> TaskReport:
    before = {task.id: _content(task) for task in seen.report.tasks}
    tasks = tuple(task for task in answer.report.tasks if before.get(task.id) != _content(task))
    return msgspec.structs.replace(answer.report, tasks=tasks)


def _content(task: Task) -> Task:
    """What of a task is worth telling: not when it was looked at."""
    return msgspec.structs.replace(task, checked_at="")


def _frame(event: str, report: TaskReport) -> bytes:
    return b"event: %s\nid: %s\ndata: %s\n\n" % (event.encode(), report.version.encode(), msgspec.json.encode(report))


def _over(report: TaskReport) -> bytes:
    over = Over(version=report.version, outcome=report.summary.outcome)
    return b"event: done\ndata: " + msgspec.json.encode(over) + b"\n\n"
