"""Changes without a store: nothing can be claimed, so the tasks that others submitted are reported at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from functions.errors import InvalidRequest, Reason
from functions.events.change import by_product, urls_of
from functions.events.parsing.events import ObjectChange
from functions.events.reports import ChangeResult, failed, reported, skipped
from functions.events.rules import Rules
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
        return [
            result
            for results in await asyncio.gather(*(self._process(change, slots) for change in changes))
            for result in results
        ]

    async def _process(self, change: ObjectChange, slots: asyncio.Semaphore) -> list[ChangeResult]:
        products = by_product(self._rules.actions(change, submit=False))
        if not products:
            return [skipped(change, "no rule")]
        return await asyncio.gather(
            *(self._follow(change, product, urls_of(actions), slots) for product, actions in products.items())
        )

    async def _follow(
        self, change: ObjectChange, product: str, urls: tuple[str, ...], slots: asyncio.Semaphore
    ) -> ChangeResult:
        try:
            async with slots:
                answer = await self._tasks.follow_urls(product, urls)
        except NothingAnswered as fault:
            return failed(change, str(fault), retry=any(problem.reason in _RETRYABLE for problem in fault.problems))
        except InvalidRequest as fault:
            return failed(change, f"{product}: {fault}", retry=False)
        except Exception as fault:  # noqa: BLE001 -- one object's trouble, of any kind, must not hide the others
            return failed(change, f"{product}: internal error", retry=True, fault=fault)
        return reported(change, product, urls, answer.report)
