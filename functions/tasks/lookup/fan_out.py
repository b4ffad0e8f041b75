"""One question, spread over the products: each is asked at once, and what each said is collected."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Self

from functions.model import TaskKey
from functions.products.lookup.cache import Freshness
from functions.products.lookup.loader import LookupResult, PendingLookup
from functions.products.product import Product
from functions.tasks.query import RequestedId
from functions.tasks.results import Timing


class FanOut:
    """The products asked for one question, while it is open; left, it gives up what is still under way."""

    def __init__(self, products: Mapping[str, Product], deadline: float, freshness: Freshness | None = None) -> None:
        """`deadline` on the loop's clock; `freshness` says how old a moving task's answer may be, else the settings."""
        self._freshness = freshness
        self._products = products
        self._deadline = deadline
        self._asks: list[tuple[str, PendingLookup]] = []
        self._asked: set[TaskKey] = set()
        self._open = ExitStack()
        self._started = asyncio.get_running_loop().time()
        self._seconds: dict[str, float] = {}

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave every product asked."""
        self._open.close()

    def ask(self, plan: Mapping[RequestedId, Sequence[str]]) -> None:
        """Ask every product for the ids the plan gives it; an id already asked of a product is not asked again."""
        wanted: dict[str, dict[str, None]] = {}
        for asked, products in plan.items():
            for product in products:
                wanted.setdefault(product, {})[asked.task_id] = None
        for product, task_ids in wanted.items():
            new = [task_id for task_id in task_ids if TaskKey(product, task_id) not in self._asked]
            if new:
                self._asked.update(TaskKey(product, task_id) for task_id in new)
                ask = self._products[product].lookup(new, self._deadline, self._freshness)
                self._asks.append((product, self._open.enter_context(ask)))

    async def settled(self, until: float, products: set[str] | None = None) -> None:
        """Return when all asked (of these products) have answered, or at `until`."""
        await asyncio.gather(
            *(self._timed(product, ask, until) for product, ask in self._asks if not products or product in products)
        )

    async def _timed(self, product: str, ask: PendingLookup, until: float) -> None:
        await ask.settled(until)
        self._seconds.setdefault(product, asyncio.get_running_loop().time() - self._started)

    def findings(self) -> dict[TaskKey, LookupResult]:
        """What is known of every id in every product it was asked of."""
        return {
            TaskKey(product, task_id): finding
            for product, ask in self._asks
            for task_id, finding in ask.results().items()
        }

    def timings(self) -> tuple[Timing, ...]:
        """How long each product took, in how many calls its answers travelled, and how many ids needed none."""
        costs: dict[str, tuple[set[int], list[str]]] = {product: (set(), []) for product, _ in self._asks}
        for product, ask in self._asks:
            batches, hits = costs[product]
            for task_id, finding in ask.results().items():
                if finding.batch is not None:
                    batches.add(finding.batch)
                elif finding.fault is None:
                    hits.append(task_id)
        return tuple(Timing(p, self._seconds.get(p, 0.0), len(b), len(h)) for p, (b, h) in costs.items())
