"""What was submitted lately, by whomever: each product's list is read once for all who ask in one sweep.

One window of a list costs a call per 50 or 100 rows. Asking URL by URL would cost a call for each, of 5 a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from functions.errors import Reason, TaskStatusError
from functions.events.action_report import created_at
from functions.events.change import Action, ActionKind, ChangeRecord
from functions.model import VENDOR_WINDOW, Clock
from functions.tasks.query import MAX_OBJECTS, MAX_PAGE_SIZE, ListQuery
from functions.tasks.report import Task
from functions.tasks.results import NothingAnswered, Tasks
from functions.urls import url_key

TasksByUrl = Mapping[str, tuple[Task, ...]]
"""The tasks with a row of a URL (in normal form), newest first."""


class ListIncomplete(TaskStatusError):  # noqa: N818 -- it says what is the case
    """Raised when a product's list could not be read to its end: nothing can be said of what is not in it."""


class RecentTasks:
    """One sweep's view of the lists, back to the oldest claim that has no task yet."""

    def __init__(self, tasks: Tasks, records: Iterable[ChangeRecord], clock: Clock) -> None:
        """`records` are all open ones. Nothing is read before it is asked for."""
        self._tasks = tasks
        self._clock = clock
        self._since: dict[str, datetime] = {}
        self._taken: dict[tuple[str, str], set[str]] = {}
        self._readings: dict[str, asyncio.Task[TasksByUrl]] = {}
        for record in records:
            for action in record.actions:
                self._register(record, action)

    async def tasks_for(self, record: ChangeRecord, action: Action, since: datetime) -> tuple[str, ...]:
        """Ids of tasks that do this action and were made since a claim on it; the action now owns them.

        Of those that may be its own submission it is the oldest that no other change of the object owns: creation times
        are whole seconds, so the change before may have made one in the same second, and the change after a later one.
        Raises ListIncomplete.
        """
        by_url = await self._by_url(action.product)
        floor = since.replace(microsecond=0)
        taken = self._taken[record.object_id, action.product]
        fitting = tuple(
            task.task_id
            for task in by_url.get(url_key(action.object_path), ())
            if task.task_id not in taken and _does(task, action) and created_at(task) >= floor
        )
        if action.kind is ActionKind.FOLLOW:
            return fitting
        taken.update(fitting[-1:])
        return fitting[-1:]

    def _register(self, record: ChangeRecord, action: Action) -> None:
        if action.needs_task:
            follows = action.kind is ActionKind.FOLLOW
            since = min(record.claimed_at, record.changed_at) if follows else record.claimed_at
            self._since[action.product] = min(since, self._since.get(action.product, since))
        self._taken.setdefault((record.object_id, action.product), set()).update(action.task_ids)

    async def _by_url(self, product: str) -> TasksByUrl:
        # Not a SingleFlight: a failure is kept as well, or each of thousands of actions would read the list again.
        if product not in self._readings:
            self._readings[product] = asyncio.create_task(self._read(product))
        return await asyncio.shield(self._readings[product])

    async def _read(self, product: str) -> TasksByUrl:
        # The vendor refuses to look further back than it remembers.
        oldest = self._clock.now().utc - VENDOR_WINDOW + timedelta(minutes=1)
        since = max(self._since[product], oldest).replace(microsecond=0)
        by_url: dict[str, tuple[Task, ...]] = {}
        async for task in self._tasks_since(product, since):
            for key in dict.fromkeys(url_key(row.object_path) for row in task.objects):
                by_url[key] = (*by_url.get(key, ()), task)
        return by_url

    async def _tasks_since(self, product: str, since: datetime) -> AsyncIterator[Task]:
        query = ListQuery(products=(product,), start=since, page_size=MAX_PAGE_SIZE, objects=MAX_OBJECTS)
        while True:
            try:
                page = (await self._tasks.list(query)).page
            except NothingAnswered as fault:
                raise ListIncomplete(str(fault)) from None
            for task in page.tasks:
                if task.partial or task.objects_omitted:
                    raise ListIncomplete(f"{task.id}: not all of its rows could be read")
                yield task
            if any(problem.reason != Reason.NOT_ACTIVATED for problem in page.problems):
                raise ListIncomplete(", ".join(f"{problem.product}: {problem.reason}" for problem in page.problems))
            if page.next_page_token is None:
                return
            query = msgspec.structs.replace(query, page_token=page.next_page_token)


def _does(task: Task, action: Action) -> bool:
    if action.kind is ActionKind.FOLLOW:
        return True
    is_directory = task.object_type == "directory"
    return task.action == action.kind and is_directory == (action.object_type == "directory")
