"""Changes without a store: nothing can be claimed, so the tasks that others submitted are reported at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from functions.errors import InvalidRequest, Reason
from functions.events.parsing.events import ObjectChange
from functions.events.reports import ChangeResult, failed, reported, skipped
from functions.events.rules import Rules, Target
from functions.tasks.results import NothingAnswered, Tasks

CONCURRENCY = 4
"""Objects of one event followed at the same time: a product's lists allow the whole account 5 calls a second
(docs/vendor.md 0), so more would only wait in the rate limiter while their deadlines run."""
_RETRYABLE = frozenset(reason for reason in Reason if reason.retryable)


class StatelessChanges:
    """Finds the tasks of changed objects."""

    def __init__(self, rules: Rules, tasks: Tasks) -> None:
        """`rules` say where an object is shown."""
        self._rules = rules
        self._tasks = tasks

    async def process(self, changes: Sequence[ObjectChange]) -> list[ChangeResult]:
        """What became of each change on each product; nothing is raised."""
        # One bound per event, not per instance: built-in runtimes may serve each event in a loop of its own.
        slots = asyncio.Semaphore(CONCURRENCY)

        async def limited(change: ObjectChange, target: Target | None) -> ChangeResult:
            async with slots:
                return await self._follow(change, target) if target else skipped(change, "no rule")

        pairs = ((change, target) for change in changes for target in self._rules.targets(change) or (None,))
        return await asyncio.gather(*(limited(change, target) for change, target in pairs))

    async def _follow(self, change: ObjectChange, target: Target) -> ChangeResult:
        try:
            answer = await self._tasks.follow_urls(target.product, target.urls)
        except NothingAnswered as fault:
            return failed(change, str(fault), retry=any(problem.reason in _RETRYABLE for problem in fault.problems))
        except InvalidRequest as fault:
            return failed(change, f"{target.product}: {fault}", retry=False)
        except Exception as fault:  # noqa: BLE001 -- one object's trouble, of any kind, must not hide the others
            return failed(change, f"{target.product}: internal error", retry=True, fault=fault)
        return reported(change, target.product, target.urls, answer.report)
