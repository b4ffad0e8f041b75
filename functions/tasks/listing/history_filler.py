"""Fills the rest of a page from the history: tasks that are older than what the vendor still lists.

Its seconds begin where those of the vendor end, so a list goes on from one to the other at any second, on any instance,
and shows each task once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from functions.errors import Reason, StoreFault, UpstreamFault
from functions.logs import log_event
from functions.model import TaskKey, TaskSnapshot
from functions.tasks.history.history import History
from functions.tasks.history.index import MergedEntries
from functions.tasks.listing.cursor import Cursor
from functions.tasks.listing.product_list import id_order
from functions.tasks.listing.row_filter import RowFilter
from functions.tasks.query import ListQuery

MAX_READ = 200
"""About so many tasks are read for one page; where few of them match, the next page goes on."""
_READ_TOGETHER = 20

Documents = Mapping[TaskKey, TaskSnapshot | None]
_Second = Mapping[str, Sequence[str]]
"""By product, the ids of a second, highest first."""


class OlderTasks(msgspec.Struct, frozen=True):
    """What a page has from the history, and where each product goes on; a product without a cursor is at its end."""

    tasks: tuple[TaskSnapshot, ...] = ()
    cursors: Mapping[str, Cursor] = MappingProxyType({})
    faults: tuple[UpstreamFault, ...] = ()


class HistoryFiller:
    """One page while it is filled. What a fault leaves undone is where the cursors stand."""

    def __init__(self, history: History, query: ListQuery, oldest: int) -> None:
        """`oldest` is the last second wanted."""
        self._history = history
        self._urls = query.object_paths
        self._row_filter = RowFilter(query)
        self._oldest = oldest
        self._began: Mapping[str, Cursor] = {}
        self._cursors: dict[str, Cursor] = {}
        self._chosen: list[TaskSnapshot] = []

    async def fill(self, cursors: Mapping[str, Cursor], room: int, latest: float) -> OlderTasks:
        """Up to `room` tasks from `cursors` on, which are in the order of the registry; raises nothing.

        Nothing is read later than `latest`, on the loop's clock.
        """
        self._began, self._cursors = cursors, dict(cursors)
        faults: tuple[UpstreamFault, ...] = ()
        try:
            async with asyncio.timeout_at(latest):
                await self._fill(room)
        except (StoreFault, TimeoutError) as fault:
            log_event("history-unavailable", level=logging.WARNING, detail=str(fault) or "slow")
            faults = tuple(UpstreamFault(Reason.HISTORY_UNAVAILABLE, product=name) for name in self._cursors)
        return OlderTasks(tuple(self._chosen), self._cursors, faults)

    async def _fill(self, room: int) -> None:
        if room == 0:
            return
        left = MAX_READ
        entries = await self._open()
        while room > len(self._chosen) and left > 0:
            seconds = await self._next_seconds(entries, max(room - len(self._chosen), _READ_TOGETHER))
            if not seconds:
                self._cursors = {}
                return
            documents = await self._read(seconds)
            left -= len(documents)
            for second, tasks in seconds.items():
                if not self._take(second, tasks, documents, room):
                    return

    async def _open(self) -> dict[str, MergedEntries]:
        opened = await asyncio.gather(
            *(
                self._history.entries(name, self._urls, cursor.second, self._oldest)
                for name, cursor in self._cursors.items()
            )
        )
        return dict(zip(self._cursors, opened, strict=True))

    async def _next_seconds(self, entries: Mapping[str, MergedEntries], tasks: int) -> dict[int, _Second]:
        """The next whole seconds with so many tasks or more; fewer at the end."""
        seconds: dict[int, _Second] = {}
        while tasks > 0:
            await asyncio.gather(*(each.load() for each in entries.values()))
            second = max((at for each in entries.values() if (at := each.second) is not None), default=None)
            if second is None:
                break
            found = {name: self._left_of(name, second, each.take(second)) for name, each in entries.items()}
            seconds[second] = found
            tasks -= sum(map(len, found.values()))
        return seconds

    def _left_of(self, product: str, second: int, task_ids: Sequence[str]) -> Sequence[str]:
        """Without those that earlier pages have listed, in the order in which a product's list has them."""
        began = self._began[product]
        after = began.after if began.second == second else None
        left = (each for each in task_ids if after is None or id_order(each) < id_order(after))
        return sorted(left, key=id_order, reverse=True)

    async def _read(self, seconds: Mapping[int, _Second]) -> Documents:
        keys = [TaskKey(name, task_id) for tasks in seconds.values() for name, ids in tasks.items() for task_id in ids]
        documents = await self._history.read(keys)
        if len(documents) < len(keys):
            raise StoreFault(f"{len(keys) - len(documents)} tasks could not be read")
        return documents

    def _take(self, second: int, tasks: _Second, documents: Documents, room: int) -> bool:
        """Choose of a second's tasks; False when there is no room for all of them."""
        for name in tasks:
            if self._cursors[name].second > second:
                self._cursors[name] = Cursor(second)
        for name, task_ids in tasks.items():
            for task_id in task_ids:
                task = documents[TaskKey(name, task_id)]
                # An index may name a task that was not written, or not with this time.
                if task is None or _second_of(task) != second or not self._row_filter.chooses(task.rows):
                    continue
                if len(self._chosen) == room:
                    return False
                self._chosen.append(task)
                # No id but those that the caller sees stands in a page token.
                self._cursors[name] = Cursor(second, after=task_id)
            self._cursors[name] = Cursor(max(second - 1, 0))
        return True


def _second_of(task: TaskSnapshot) -> int | None:
    return None if task.created_at is None else int(task.created_at.timestamp())
