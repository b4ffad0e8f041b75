"""Looks up tasks that CDN says are over at once, for those who wait for them on other instances (docs/fleet.md)."""

from __future__ import annotations

import logging
from collections.abc import Collection

from functions.events.parsing.events import TaskCompletion
from functions.logs import log_event
from functions.tasks.query import LookupQuery, RequestedId
from functions.tasks.results import NothingAnswered, Tasks


class CompletedTasks:
    """For a service whose answers reach all instances (TASK_STATUS_SHARED): to any other this would be of no use."""

    def __init__(self, tasks: Tasks, products: Collection[str]) -> None:
        """`products` are those that `tasks` knows; what CDN says of others is nobody's concern."""
        self._tasks = tasks
        self._products = products

    async def look_up(self, completions: Collection[TaskCompletion]) -> None:
        """Ask for these tasks, whoever submitted them; raises nothing that a product says."""
        ids = dict.fromkeys(
            RequestedId(each.task_id, each.product) for each in completions if each.product in self._products
        )
        if not ids:
            return
        products = tuple(dict.fromkeys(each.product for each in ids if each.product))
        try:
            await self._tasks.lookup(LookupQuery(ids=tuple(ids), products=products, objects=0, anew=True))
        except NothingAnswered as fault:
            log_event("completed-unseen", level=logging.WARNING, detail=str(fault))
