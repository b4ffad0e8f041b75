"""Event streams: a lookup that stays open and tells what changes (docs/contract.md 5).

A stream reads the newest answer of its watch when its client is ready for it. Nothing is buffered ahead, so a slow
client holds up nobody; and a frame is encoded once for all clients that saw the same before.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress

import msgspec
from cachetools import LRUCache
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from functions.api.encoding import Comparison, ReportEncoder
from functions.api.middleware.access_log import access_record
from functions.api.middleware.errors import problem_for
from functions.api.negotiation import Representation
from functions.settings import Settings
from functions.tasks.lookup.watch import Viewer
from functions.tasks.query import LookupQuery
from functions.tasks.report import TaskReport
from functions.tasks.results import LookupAnswer

HEARTBEAT_SECONDS = 15.0
LONGEST_STREAM_SECONDS = 7_200.0
END_BEFORE_TIMEOUT_SECONDS = 5.0
LAST_WORDS_SECONDS = 2.0
"""How long a client may take to read the end of its stream; one that does not read cannot hold the stream open."""
_FRAME_CACHE_BYTES = 32 * 1024 * 1024
_ROW_BYTES = 500
"""Memory of a task or of one of its rows in an answer."""
_HEARTBEAT = b":\n\n"

OpenWatch = Callable[[LookupQuery], AbstractAsyncContextManager[Viewer]]


class DoneEvent(msgspec.Struct, frozen=True):
    """The data of `event: done`."""

    version: str
    outcome: str | None


class Frames:
    """Encodes what a client has not seen yet; clients that saw the same share one encoding."""

    def __init__(self) -> None:
        """The cache is bounded in bytes. It holds the answers too, so that no other object takes over their id()."""
        self._encoded: LRUCache[tuple[str | None, int], tuple[LookupAnswer, bytes]] = LRUCache(
            _FRAME_CACHE_BYTES, getsizeof=_size
        )
        self._reports = ReportEncoder()
        self._comparison = Comparison()

    def between(self, seen: LookupAnswer | None, answer: LookupAnswer) -> bytes:
        """`report` for a client that has seen nothing, else `update` with the tasks that changed."""
        key = (seen.report.version if seen else None, id(answer))
        kept = self._encoded.get(key)
        if kept is not None:
            return kept[1]
        frame = self._frame("report", answer.report) if seen is None else self._update(seen.report, answer.report)
        with suppress(ValueError):  # larger than the whole cache: sent, not kept
            self._encoded[key] = (answer, frame)
        return frame

    def _update(self, seen: TaskReport, report: TaskReport) -> bytes:
        changed = self._comparison.changed(seen.tasks, report.tasks)
        return self._frame("update", msgspec.structs.replace(report, tasks=changed))

    def _frame(self, event: str, report: TaskReport) -> bytes:
        head = f"event: {event}\nid: {report.version}\ndata: ".encode()
        return self._reports.encode(report, before=head, after=b"\n\n")


def _size(entry: tuple[LookupAnswer, bytes]) -> int:
    """Bytes; the frame of one changed task holds the answer with all the others."""
    answer, frame = entry
    return len(frame) + _ROW_BYTES * sum(1 + len(task.objects) for task in answer.report.tasks)


class EventStreams:
    """Makes the streams of one app."""

    def __init__(self, settings: Settings, watch: OpenWatch, jitter: Callable[[], float] = random.random) -> None:
        """`watch` opens the watch of a lookup; `jitter` gives numbers from 0 to 1."""
        self.watch = watch
        self.frames = Frames()
        self._longest = min(settings.timeout_seconds - END_BEFORE_TIMEOUT_SECONDS, LONGEST_STREAM_SECONDS)
        self._jitter = jitter

    def open(self, query: LookupQuery, last_event_id: str | None, seconds_left: float = math.inf) -> Response:
        """The stream for a lookup, for `seconds_left` at the longest; `last_event_id` resumes like `after`."""
        return _EventStream(self, query, last_event_id or query.after, min(self._seconds(), seconds_left))

    def _seconds(self) -> float:
        """How long a stream stays open: less than the function's timeout, and not all until the same moment."""
        return self._longest * (1 - 0.1 * self._jitter())

    def come_back(self) -> bytes:
        """The end of a stream that is not over: the client reconnects, but not all clients at once."""
        return f"retry: {1000 + int(2000 * self._jitter())}\n\n".encode()


class _EventStream(Response):
    """One stream. Until its first byte it can be refused like any other answer."""

    media_type = Representation.EVENT_STREAM

    def __init__(self, streams: EventStreams, query: LookupQuery, resumed_from: str | None, seconds: float) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._streams = streams
        self._query = query
        self._resumed_from = resumed_from
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        end = asyncio.get_running_loop().time() + self._seconds
        async with self._streams.watch(self._query) as watch:
            first = await watch.newest()
            known = first.report.version == self._resumed_from
            if known and first.report.summary.done:
                await Response(status_code=204)(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            record = access_record(scope)
            record.timings, record.problems = first.timings, first.report.problems
            writing = asyncio.create_task(self._write(watch, first, send, end, known=known))
            leaving = asyncio.create_task(_client_left(receive))
            try:
                seconds_left = end + LAST_WORDS_SECONDS - asyncio.get_running_loop().time()
                await asyncio.wait({writing, leaving}, timeout=seconds_left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                leaving.cancel()
                writing.cancel()
            if writing.done() and not writing.cancelled():
                await _end_with_problem(writing.exception(), scope, send)

    async def _write(self, watch: Viewer, answer: LookupAnswer, send: Send, end: float, *, known: bool) -> None:
        async def write(part: bytes, *, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": part, "more_body": more})

        loop = asyncio.get_running_loop()
        await write(_HEARTBEAT if known else self._streams.frames.between(None, answer))
        while not answer.report.summary.done:
            later = await watch.after(answer, min(end, loop.time() + HEARTBEAT_SECONDS))
            # A client that did not read may have held up this loop until long after the end.
            if loop.time() >= end or (later is None and watch.closed):
                await write(self._streams.come_back(), more=False)
                return
            if later is None:
                await write(_HEARTBEAT)
            else:
                await write(self._streams.frames.between(answer, later))
                answer = later
        await write(_done(answer.report), more=False)


async def _end_with_problem(fault: BaseException | None, scope: Scope, send: Send) -> None:
    """Tell the client of a stream that failed why it ends."""
    if isinstance(fault, Exception):
        document = msgspec.json.encode(problem_for(scope, fault).document)
        await send({"type": "http.response.body", "body": b"event: problem\ndata: " + document + b"\n\n"})


async def _client_left(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _done(report: TaskReport) -> bytes:
    done = DoneEvent(version=report.version, outcome=report.summary.outcome)
    return b"event: done\ndata: " + msgspec.json.encode(done) + b"\n\n"
