"""One query spread over the products: each is asked at once, and its results are collected."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Self

from functions.model import TaskKey
from functions.products.lookup.cache import Freshness
from functions.products.lookup.loader import LookupResult, PendingLookup
from functions.products.lookup.principal import Principal
from functions.products.product import Product
from functions.tasks.lookup.routing import Routes
from functions.tasks.results import Timing


class FanOut:
    """The products asked for one query, as a context; leaving it gives up what is still under way."""

    def __init__(
        self,
        products: Mapping[str, Product],
        deadline: float,
        principal: Principal,
        freshness: Freshness | None = None,
    ) -> None:
        """`deadline` on the loop's clock; `freshness` says how old the answer for a moving task may be."""
        self._principal = principal
        self._products = products
        self._deadline = deadline
        self._freshness = freshness
        self._pending: list[tuple[str, PendingLookup]] = []
        self._asked: set[TaskKey] = set()
        self._stack = ExitStack()
        self._started = asyncio.get_running_loop().time()
        self._seconds: dict[str, float] = {}

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave every product that was asked."""
        self._stack.close()

    def ask(self, routes: Routes) -> None:
        """Ask each product for the ids that are routed to it and that it was not asked for before."""
        wanted: dict[str, dict[str, None]] = {}
        for asked, products in routes.items():
            for product in products:
                if asked.key_in(product) not in self._asked:
                    wanted.setdefault(product, {})[asked.task_id] = None
        for product, task_ids in wanted.items():
            self._asked.update(TaskKey(product, task_id) for task_id in task_ids)
            pending = self._products[product].lookup(task_ids, self._deadline, self._freshness, self._principal)
            self._pending.append((product, self._stack.enter_context(pending)))

    async def settled(self, until: float, products: set[str] | None = None) -> None:
        """Return when all products that were asked (or those named) have answered, or at `until`."""
        waited_for = [entry for entry in self._pending if products is None or entry[0] in products]
        await asyncio.gather(*(self._timed(product, pending, until) for product, pending in waited_for))

    async def _timed(self, product: str, pending: PendingLookup, until: float) -> None:
        await pending.settled(until)
        self._seconds.setdefault(product, asyncio.get_running_loop().time() - self._started)

    def results(self) -> dict[TaskKey, LookupResult]:
        """One result for every id in every product it was asked of."""
        return {
            TaskKey(product, task_id): result
            for product, pending in self._pending
            for task_id, result in pending.results().items()
        }

    def timings(self) -> tuple[Timing, ...]:
        """For each product: how long it took, how many calls its answers came in, how many ids needed no call."""
        batches: dict[str, set[int]] = {product: set() for product, _ in self._pending}
        hits = dict.fromkeys(batches, 0)
        for key, result in self.results().items():
            if result.batch is not None:
                batches[key.product].add(result.batch)
            elif result.fault is None:
                hits[key.product] += 1
        return tuple(
            Timing(product, self._seconds.get(product, 0.0), len(batches[product]), hits[product])
            for product in batches
        )
