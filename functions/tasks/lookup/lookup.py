"""The verb `lookup`: asks the products for all ids at once and merges what they answer into one report."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from functions.model import Clock, TaskKey, TaskSnapshot
from functions.products.lookup.cache import Freshness, TaskCache
from functions.products.lookup.loader import LookupResult
from functions.products.product import Product
from functions.settings import Settings
from functions.tasks.history.history import History
from functions.tasks.lookup.assemble import assemble_cooperatively
from functions.tasks.lookup.fan_out import FanOut
from functions.tasks.lookup.orders import Orders
from functions.tasks.lookup.poll_interval import (
    AFTER_FAULT_SECONDS,
    POLL_TOGETHER_SECONDS,
    SOON_SECONDS,
    seconds_to_next_look,
)
from functions.tasks.lookup.problems import raise_if_none_answered
from functions.tasks.lookup.routing import Router, Routes
from functions.tasks.query import LookupQuery, Scope
from functions.tasks.render.task import Renderer
from functions.tasks.results import LookupAnswer
from functions.tasks.scope import seen_by

_EXPENSIVE_SHARE: Final = 0.6
"""The part of the deadline that is kept for the expensive products, which are asked after the cheap ones."""


class TaskLookup:
    """Answers lookup queries."""

    def __init__(
        self,
        settings: Settings,
        products: Mapping[str, Product],
        cache: TaskCache,
        clock: Clock,
        history: History | None = None,
    ) -> None:
        """`products` in the order of the registry; without `history` only they answer."""
        self._history = history
        self._cache = cache
        self._deadline_seconds = settings.deadline_seconds
        self._products = products
        self._clock = clock
        self._router = Router(products)
        self._renderer = Renderer()

    async def answer(self, query: LookupQuery) -> LookupAnswer:
        """Every id asked, exactly once. Raises NothingAnswered."""
        canonical = await self._answer(query.canonical(), _never_fresh if query.anew else None)
        return Orders(canonical).of(query.ids)

    async def poll(self, query: LookupQuery) -> LookupAnswer:
        """The same for a watch: a moving task is asked about anew only when that may show a change."""
        return await self._answer(query, self._freshness_while_polling)

    def expect(self, scope: Scope, keys: Collection[TaskKey]) -> None:
        """These tasks were just submitted: they may not be visible yet, but their product is known."""
        for key in keys:
            self._cache.first_asked(key, scope.principal)
        self._router.expect(scope.audience, keys)

    async def _answer(self, query: LookupQuery, freshness: Freshness | None) -> LookupAnswer:
        audience = query.scope.audience
        deadline = asyncio.get_running_loop().time() + self._deadline_seconds
        with FanOut(self._products, deadline, query.scope.principal, freshness) as fan_out:
            routes = await self._ask(query, fan_out, deadline)
            answers = fan_out.results()
            timings = fan_out.timings()
        if self._history:
            answers = await _with_history(self._history, answers, routes)
        results = {key: seen_by(audience, result) for key, result in answers.items()}
        self._router.learn(audience, routes, results)
        raise_if_none_answered(results.values())
        report = await assemble_cooperatively(query, results, routes, self._clock.now(), self._renderer)
        if report.summary.done:
            return LookupAnswer(report=report, retry_after=None, timings=timings)
        wait = self._seconds_to_next_look(results.values())
        return LookupAnswer(report=report, retry_after=max(1, math.ceil(wait)), next_look=wait, timings=timings)

    async def _ask(self, query: LookupQuery, fan_out: FanOut, deadline: float) -> Routes:
        """Ask the first choice of products for each id, then the second for the ids that these do not know."""
        routes = self._router.first(query)
        fan_out.ask(routes)
        second = {asked: names for asked in query.ids if (names := self._router.second(asked, query, routes[asked]))}
        if second:
            asked_first = {name for asked in second for name in routes[asked]}
            await fan_out.settled(deadline - self._deadline_seconds * _EXPENSIVE_SHARE, asked_first)
            results = fan_out.results()
            unknown = {
                asked: names
                for asked, names in second.items()
                if not any(results[asked.key_in(name)].found for name in routes[asked])
            }
            fan_out.ask(unknown)
            for asked, names in unknown.items():
                routes[asked] = self._router.in_order([*routes[asked], *names])
        await fan_out.settled(deadline)
        return routes

    def _seconds_to_next_look(self, results: Iterable[LookupResult]) -> float:
        """Seconds until asking again may show something new."""
        now = self._clock.now()
        waits = [
            max(seconds_to_next_look(result.snapshot, now) - result.snapshot.checked.age_at(now), 0.0)
            if result.fault is None and result.snapshot is not None
            else AFTER_FAULT_SECONDS
            if result.fault is None
            else result.fault.retry_after or AFTER_FAULT_SECONDS
            for result in results
            if result.may_change
        ]
        return min(waits, default=SOON_SECONDS)

    def _freshness_while_polling(self, snapshot: TaskSnapshot) -> float:
        return seconds_to_next_look(snapshot, self._clock.now()) - POLL_TOGETHER_SECONDS


def _never_fresh(_: TaskSnapshot) -> float:
    return 0.0


async def _with_history(
    history: History, answers: Mapping[TaskKey, LookupResult], routes: Routes
) -> dict[TaskKey, LookupResult]:
    """The answers, and what the history has of ids that no product knows or answers for: what is done stays so."""
    missing = [
        asked.key_in(product)
        for asked, products in routes.items()
        for product in products
        if not any(answers[asked.key_in(each)].found for each in products)
    ]
    seen = (result.snapshot for result in answers.values() if result.snapshot is not None)
    _, recalled = await asyncio.gather(history.keep(seen), history.recall(missing))
    return {**answers, **{key: LookupResult(snapshot) for key, snapshot in recalled.items()}}
