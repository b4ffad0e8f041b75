"""Streams in virtual time, over a watch that is handed in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from functions.api.middleware.access_log import AccessLog
from functions.api.sse import EventStreams
from functions.settings import Settings
from functions.tasks.lookup.watch import Viewer
from functions.tasks.query import LookupQuery, RequestedId
from functions.tasks.results import LookupAnswer
from tests.support.http_stub_service import report
from tests.support.virtual_time import run

QUERY = LookupQuery(ids=(RequestedId("1"),), products=("cdn",))


class FailingViewer:
    """Shows one answer, then meets a bug of ours."""

    closed = False

    async def newest(self) -> LookupAnswer:
        return LookupAnswer(report=report(), retry_after=1)

    async def after(self, *_: object) -> LookupAnswer:
        await asyncio.sleep(1)
        raise RuntimeError("top-secret")


@asynccontextmanager
async def failing(_: LookupQuery) -> AsyncIterator[Viewer]:
    yield cast("Viewer", FailingViewer())


def test_a_stream_that_meets_a_bug_ends_with_a_problem_that_says_nothing_of_it() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async def main() -> None:
        scope = {"type": "http", "method": "GET", "path": "/v1/tasks", "headers": [], "query_string": b""}
        stream = EventStreams(Settings(), failing).open(QUERY, None)
        await AccessLog(stream, on_function_compute=False)(scope, receive, send)

    run(main())
    start, first, last = sent
    assert (b"x-accel-buffering", b"no") in start["headers"], "nginx passes each event on at once"
    assert first["body"].startswith(b"event: report\n")
    assert last["body"].startswith(b"event: problem\ndata: {")
    assert not last.get("more_body", False)
    assert b"top-secret" not in last["body"]
