"""What was submitted lately, by whomever: read from the products' lists once for everybody who asks in one sweep.

One window of a list costs a call per 50 or 100 rows; asking URL by URL costs a call for each, of 5 a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from functions.errors import Reason, TaskStatusError
from functions.events.change import FOLLOW, Action, ChangeRecord
from functions.model import VENDOR_WINDOW, Clock
from functions.tasks.query import MAX_OBJECTS, MAX_PAGE_SIZE, ListQuery
from functions.tasks.report import Task
from functions.tasks.results import NothingAnswered, Tasks

Index = Mapping[str, tuple[Task, ...]]
"""URL -> the tasks with a row of it, newest first."""


class NotKnown(TaskStatusError):  # noqa: N818 -- it says what is the case
    """Raised when a product's list could not be read to its end: nothing can be said of what is not in it."""


class RecentTasks:
    """One sweep's view of the lists, from the oldest claim that has no task yet."""

    def __init__(self, tasks: Tasks, records: Iterable[ChangeRecord], clock: Clock) -> None:
        """`records` are all that are under way; nothing is read before it is asked for."""
        self._tasks = tasks
        self._clock = clock
        self._since: dict[str, datetime] = {}
        self._taken: dict[tuple[str, str], set[str]] = {}
        self._reading: dict[str, asyncio.Task[Index]] = {}
        for record in records:
            for errand in record.errands:
                self._note(record, errand)

    async def tasks_for(self, record: ChangeRecord, errand: Action, since: datetime) -> tuple[str, ...]:
        """Ids of tasks that do this errand and were made since a claim on it; they are then its own. Raises NotKnown.

        Of those that it may have submitted itself it is the oldest that no other change of the object has: creation
        times are whole seconds, so the change before may have made one in the same, and the change after a later one.
        """
        index = await self._index(errand.product)
        floor = since.replace(microsecond=0)
        taken = self._taken[record.object_id, errand.product]
        fitting = tuple(
            task.task_id
            for task in index.get(errand.object_path, ())
            if task.task_id not in taken and _does(task, errand) and _made(task) >= floor
        )
        if errand.action == FOLLOW:
            return fitting
        taken.update(fitting[-1:])
        return fitting[-1:]

    def _note(self, record: ChangeRecord, errand: Action) -> None:
        if errand.waiting:
            since = min(record.claimed_at, record.changed_at) if errand.action == FOLLOW else record.claimed_at
            self._since[errand.product] = min(since, self._since.get(errand.product, since))
        self._taken.setdefault((record.object_id, errand.product), set()).update(errand.task_ids)

    async def _index(self, product: str) -> Index:
        if product not in self._reading:
            self._reading[product] = asyncio.create_task(self._read(product))
        return await asyncio.shield(self._reading[product])

    async def _read(self, product: str) -> Index:
        # The vendor refuses to look further back than it remembers.
        oldest = self._clock.now().utc - VENDOR_WINDOW + timedelta(minutes=1)
        since = max(self._since[product], oldest).replace(microsecond=0)
        index: dict[str, tuple[Task, ...]] = {}
        async for task in self._tasks_since(product, since):
            for url in dict.fromkeys(row.object_path for row in task.objects):
                index[url] = (*index.get(url, ()), task)
        return index

    async def _tasks_since(self, product: str, since: datetime) -> AsyncIterator[Task]:
        query = ListQuery(products=(product,), start=since, page_size=MAX_PAGE_SIZE, objects=MAX_OBJECTS)
        while True:
            try:
                page = (await self._tasks.list(query)).page
            except NothingAnswered as fault:
                raise NotKnown(str(fault)) from None
            for task in page.tasks:
                if task.partial or task.objects_omitted:
                    raise NotKnown(f"{task.id}: not all of its rows could be read")
                yield task
            if any(problem.reason != Reason.NOT_ACTIVATED for problem in page.problems):
                raise NotKnown(", ".join(f"{problem.product}: {problem.reason}" for problem in page.problems))
            if page.next_page_token is None:
                return
            query = msgspec.structs.replace(query, page_token=page.next_page_token)


def _does(task: Task, errand: Action) -> bool:
    if errand.action == FOLLOW:
        return True
    is_directory = task.object_type == "directory"
    return task.action == errand.action and is_directory == (errand.object_type == "directory")


def _made(task: Task) -> datetime:
    """Its creation; a task that does not tell it is as old as can be, and nobody's."""
    return datetime.fromisoformat(task.created_at) if task.created_at else datetime.min.replace(tzinfo=UTC)
