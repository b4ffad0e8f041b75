"""Watches questions for everybody who waits for them: one watch per distinct question, alive while somebody waits.

A watch asks the service again when the pace of its tasks says so. Viewers read its newest state when they are ready
for it; nothing is queued for them, so a slow one holds up nobody and costs no memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

from functions.tasks.lookup.poll_interval import AFTER_FAULT_SECONDS
from functions.tasks.query import ANONYMOUS, LookupQuery, Until
from functions.tasks.report import TaskReport
from functions.tasks.results import LookupAnswer, NothingAnswered

log = logging.getLogger(__name__)

Look = Callable[[LookupQuery], Awaitable[LookupAnswer]]


class Watches:
    """All watches of this instance."""

    def __init__(self, look: Look) -> None:
        """`look` answers a question, asking the vendor only for what is due."""
        self._look = look
        self._watches: dict[LookupQuery, Watch] = {}
        self._closed = False

    def close(self) -> None:
        """Let everybody who waits go, with what there is: this instance is about to end."""
        self._closed = True
        for watch in self._watches.values():
            watch.close()

    @asynccontextmanager
    async def watch(self, query: LookupQuery) -> AsyncIterator[Watch]:
        """Join the watch of this question; `wait`, `until` and `after` are each viewer's own."""
        # Callers with the same rights share a watch, whoever they are.
        shared_scope = msgspec.structs.replace(query.scope, caller=ANONYMOUS)
        question = msgspec.structs.replace(query, wait=0, until=Until.DONE, after=None, scope=shared_scope)
        watch = self._watches.get(question)
        if watch is None or watch.broken:
            watch = self._watches[question] = Watch(question, self._look)
        if self._closed:
            watch.close()
        watch.join()
        try:
            yield watch
        finally:
            if watch.leave() and self._watches.get(question) is watch:
                del self._watches[question]

    async def hold(self, query: LookupQuery) -> LookupAnswer:
        """The answer when `query.until` holds or `query.wait` seconds are over, whichever comes first.

        Raises NothingAnswered when no product answered the first look.
        """
        async with self.watch(query) as watch:
            end = asyncio.get_running_loop().time() + query.wait
            answer = await watch.newest()
            while not ends_wait(query, answer.report):
                later = await watch.after(answer, end)
                if later is None:
                    return msgspec.structs.replace(answer, retry_after=0)  # it has been waited for: ask again now
                answer = later
            return answer


class Watch:
    """One question, followed while it has viewers; ends by itself when the report is done."""

    def __init__(self, query: LookupQuery, look: Look) -> None:
        """Made by `Watches`."""
        self._query = query
        self._look = look
        self._viewers = 0
        self._answer: LookupAnswer | None = None
        self._fault: NothingAnswered | None = None
        self._changed = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None
        self.closed = False

    def close(self) -> None:
        """No waiting any more: `after` returns at once."""
        self.closed = True
        self._wake()

    @property
    def broken(self) -> bool:
        """Whether its first look failed: who comes now deserves a look of his own."""
        return self._fault is not None

    def join(self) -> None:
        """One viewer more; the first one starts the follower."""
        self._viewers += 1
        if self._follower is None:
            self._follower = asyncio.create_task(self._follow())

    def leave(self) -> bool:
        """One viewer fewer; True when it was the last, and nothing follows any more."""
        self._viewers -= 1
        if self._viewers == 0 and self._follower is not None:
            self._follower.cancel()
        return self._viewers == 0

    async def newest(self) -> LookupAnswer:
        """The newest answer; waits for the first. Raises NothingAnswered."""
        while self._answer is None and self._fault is None:
            await self._changed.wait()
        if self._answer is None:
            raise self._fault or NothingAnswered(())
        return self._answer

    async def after(self, seen: LookupAnswer, end: float) -> LookupAnswer | None:
        """The newest answer once it differs in version from `seen`; None at `end` (loop's clock) or when closed."""
        try:
            async with asyncio.timeout_at(end):
                while not self._differs_from(seen):
                    if self.closed:
                        return None
                    await self._changed.wait()
        except TimeoutError:
            return None
        return self._answer

    def _differs_from(self, seen: LookupAnswer) -> bool:
        return self._answer is not None and self._answer.report.version != seen.report.version

    async def _follow(self) -> None:
        while True:
            pause = await self._look_once()
            if pause is None:
                return
            await asyncio.sleep(pause)

    async def _look_once(self) -> float | None:
        """Seconds to the next look, None when there is nothing more to see."""
        try:
            answer = await self._look(self._query)
        except NothingAnswered as fault:
            return self._unlucky(fault)
        except Exception:
            log.exception("a look failed")
            return self._unlucky(NothingAnswered(()))
        changed = self._answer is None or self._answer.report.version != answer.report.version
        self._answer = answer
        if changed:
            self._wake()
        return None if answer.report.summary.done else answer.next_look

    def _unlucky(self, fault: NothingAnswered) -> float | None:
        """What was seen stays valid, and the next look may be luckier; without anything seen the watch is over."""
        if self._answer is not None:
            return AFTER_FAULT_SECONDS
        self._fault = fault
        self._wake()
        return None

    def _wake(self) -> None:
        """Wake whoever waits now; who comes later waits for the next change."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def ends_wait(query: LookupQuery, report: TaskReport) -> bool:
    """Whether a wait for `query.until` is over with this report."""
    if report.summary.done:
        return True
    if query.until is Until.CHANGED:
        return report.version != query.after
    return query.until is Until.FAILED and has_failed_row(report)


def has_failed_row(report: TaskReport) -> bool:
    """Whether any row of any task failed, timed out or was canceled; counts see rows that are not shown, too."""
    return any(
        task.object_counts.failed or task.object_counts.timeout or task.object_counts.canceled for task in report.tasks
    )
