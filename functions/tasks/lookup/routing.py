"""Which products an id is asked of.

An id that names its product is asked of that product only. A bare id is asked of the product that is known to have it;
of an unknown one, all products with a cheap lookup are asked at once, and an expensive one (VOD: one call for each id)
only when none of them has the task.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cachetools import LRUCache

from functions.model import TaskKey
from functions.products.lookup.loader import LookupResult
from functions.products.product import Product
from functions.tasks.query import Audience, LookupQuery, RequestedId

_MAX_OWNERS = 50_000
"""About 10 MB."""

Routes = Mapping[RequestedId, Sequence[str]]
"""The products each id is asked of, in the order of the registry."""


class Router:
    """Chooses products for ids, and remembers which product had a bare id.

    What one audience learned is not used for another: which products are asked would tell a caller that a task exists
    which the caller may not see (docs/security.md).
    """

    def __init__(self, products: Mapping[str, Product]) -> None:
        """`products` in the order of the registry."""
        self._products = products
        self._owners: LRUCache[tuple[Audience, str], tuple[str, ...]] = LRUCache(_MAX_OWNERS)

    def first(self, query: LookupQuery) -> dict[RequestedId, list[str]]:
        """The products to ask at once."""
        return {asked: self._first(asked, query) for asked in query.ids}

    def second(self, asked: RequestedId, query: LookupQuery, first: Sequence[str]) -> list[str]:
        """The products to ask for an id that the first ones do not know."""
        return [] if asked.product else [name for name in query.visible_products if name not in first]

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Distinct product names in the order of the registry."""
        chosen = set(names)
        return [name for name in self._products if name in chosen]

    def learn(self, audience: Audience, routes: Routes, results: Mapping[TaskKey, LookupResult]) -> None:
        """Remember which products had a bare id; `results` are what the audience may see."""
        for asked, names in routes.items():
            if asked.product is None:
                owners = tuple(name for name in names if results[asked.key_in(name)].found)
                if owners:
                    self._owners[audience, asked.task_id] = owners

    def expect(self, audience: Audience, keys: Iterable[TaskKey]) -> None:
        """These tasks were just submitted: they may not be visible yet, but their product is known."""
        for key in keys:
            owners = self._owners.get((audience, key.task_id), ())
            self._owners[audience, key.task_id] = tuple(self.in_order((*owners, key.product)))

    def _first(self, asked: RequestedId, query: LookupQuery) -> list[str]:
        if asked.product:
            return [asked.product] if query.scope.audience.allows(asked.product) else []
        allowed = query.visible_products
        owners = [name for name in self._owners.get((query.scope.audience, asked.task_id), ()) if name in allowed]
        cheap = [name for name in allowed if not self._products[name].spec.lookup.expensive]
        return owners or cheap or list(allowed)
