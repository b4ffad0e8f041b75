"""Tasks that only the history has, beside those that the vendor still answers for."""

from __future__ import annotations

import time
from contextlib import closing
from statistics import median

import msgspec

from bench.account import Account, account
from bench.cases.effort import Effort, lookup
from bench.figures import Bar, CaseResult, Line
from bench.processes import KEY, environment, web_function
from bench.wire import Connection
from functions.model import Moment, Row, Status, SystemClock, TaskKey, TaskSnapshot, make_snapshot
from functions.settings import read_settings
from functions.store.oss import open_store
from functions.tasks.history.history import History
from functions.upstream.credentials import CredentialSource

_SLOWER_MS = 100
_DAY = 86_400
_PAGE = 20
_WRITTEN_TOGETHER = 10


class _Page(msgspec.Struct):
    tasks: list[msgspec.Raw]


async def kept(effort: Effort) -> CaseResult:
    """One id, and one page of a list, from the vendor and from the history."""
    rounds = effort.amount(20, 5)
    with account(lifted=True) as vendor:
        vendor.create_bucket("kept")
        with_store = {"store": "oss://kept/status", "oss_endpoint": f"http://{vendor.address}"}
        settings = environment(vendor.address, **with_store, cdn_by_id_qps=10_000, cdn_list_qps=10_000)
        old = await _write_old_tasks(settings, 2 * _PAGE * rounds)
        live_ids = [f"cdn:{task}" for task in vendor.add_many("cdn", _PAGE * rounds)]
        async with web_function(settings) as server, Connection(server.address) as connection:
            await _warm(connection, vendor, old[-1])
            live = [(await lookup(connection, [task])).seconds for task in live_ids[:rounds]]
            history = [(await lookup(connection, [task])).seconds for task in old[:rounds]]
            now = time.time()
            live_pages = [await _page(connection, now - _DAY, now - n) for n in range(rounds)]
            old_pages = [await _page(connection, now - 30 * _DAY, now - 5 * _DAY - n * _PAGE) for n in range(rounds)]
    beside = median(live) * 1_000
    bar = Bar(beside + _SLOWER_MS, f"100 ms more than from the vendor, {beside:.1f} ms")
    by_id = "an id that only the history has"
    return CaseResult(
        [
            Line(case=by_id, what="median", ours=median(history) * 1_000, unit="ms", bar=bar),
            _page_line("vendor", live_pages),
            _page_line("history", old_pages),
        ]
    )


def _page_line(source: str, seconds: list[float]) -> Line:
    """For information: from the history each task of a page is a read of its own."""
    return Line(
        case=f"a page of {_PAGE} tasks from the {source}", what="median", ours=median(seconds) * 1_000, unit="ms"
    )


async def _warm(connection: Connection, vendor: Account, old: str) -> None:
    for task in (f"cdn:{vendor.add('cdn')}", old):
        await lookup(connection, [task])


async def _page(connection: Connection, start: float, end: float) -> float:
    """The seconds it takes; the end differs from round to round, so that no answer is at hand."""
    times = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for at in (start, end))
    began = time.perf_counter()
    reply = await connection.get(f"/v1/tasks?product=cdn&startTime={next(times)}&endTime={next(times)}")
    seconds = time.perf_counter() - began
    shown = len(msgspec.json.decode(reply.body, type=_Page).tasks)
    if shown != _PAGE:
        raise RuntimeError(f"a page of {shown} tasks: {reply.body[:200]!r}")
    return seconds


async def _write_old_tasks(settings: dict[str, str], count: int) -> list[str]:
    """Tasks of five days ago and before, one a second, newest first: their qualified ids."""
    clock = SystemClock()
    newest = clock.now().later(-5 * _DAY)
    tasks = [_done(TaskKey("cdn", f"{10**12 - number}"), newest.later(-number)) for number in range(count)]
    with closing(open_store(read_settings(settings), CredentialSource(KEY))) as store:
        history = History(store, clock)
        for first in range(0, count, _WRITTEN_TOGETHER):
            await history.keep(tasks[first : first + _WRITTEN_TOGETHER])
            await history.settle()
    return [str(task.key) for task in tasks]


def _done(key: TaskKey, created: Moment) -> TaskSnapshot:
    path = f"http://example.com/{key.task_id}.jpg"
    row = Row(key.task_id, path, "file", Status.COMPLETE, "Complete", 100.0, created.utc.replace(microsecond=0))
    seen = created.later(600)
    return make_snapshot(key, (row,), checked=seen, unchanged_since=seen, first_asked=seen)
