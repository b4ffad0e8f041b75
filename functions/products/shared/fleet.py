"""All instances that share a server, as the products of one of them see it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Protocol

from functions.products.lookup.loader import TaskLoader
from functions.products.shared.answers import SharedAnswers
from functions.products.shared.batcher import SharedBatcher
from functions.products.shared.records import Records
from functions.products.spec import ProductConfig
from functions.upstream.operation import Operation
from functions.upstream.rate_limiter import Limiter
from functions.upstream.shared.budget import Bound, SharedBudget
from functions.upstream.shared.limiter import SharedLimiter
from functions.upstream.shared.listener import Listener
from functions.upstream.shared.queue import SharedQueue
from functions.upstream.shared.server import SharedServer


class Watching(Protocol):
    """What follows tasks for those who wait."""

    def watched(self, product: str, task_ids: Collection[str]) -> list[str]:
        """Those that somebody waits for."""

    def look_again(self, product: str, task_ids: Collection[str]) -> None:
        """More is known of them now."""


class RedisFleet:
    """A `Fleet` (products/product.py)."""

    def __init__(self, url: str, account: str | None) -> None:
        """`url` as in TASK_STATUS_SHARED; instances of different accounts share nothing."""
        self._server = SharedServer(url, f"cdn-task-status:{account or ''}")
        self._listener = Listener(self._server)
        self._batchers: list[SharedBatcher] = []
        self._watches: Watching | None = None

    def limiter(self, operation: Operation, config: ProductConfig) -> Limiter:
        """Paces an action's calls over all instances."""
        action = operation.action
        return SharedLimiter(self._server, operation, config.rates[action], config.slices[action])

    def share(self, loader: TaskLoader) -> None:
        """Let a product's lookups share answers and calls with those of other instances."""
        limiter = loader.action.limiter
        assert isinstance(limiter, SharedLimiter)  # noqa: S101 -- made above, for the same product
        queue = SharedQueue(self._server, limiter, loader.product)
        answers = SharedAnswers(loader, Records(loader.product, self._server, loader.clock))
        batcher = SharedBatcher(loader, queue, answers, self._listener.start)
        self._listener.add(queue.channel, partial(self._hear, loader.product, batcher))
        self._batchers.append(batcher)
        loader.batcher = batcher

    def budget(self, open_now: Callable[[str], Sequence[Bound]]) -> SharedBudget:
        """What callers use of all instances; `open_now` tells what they have open on this one."""
        return SharedBudget(self._server, open_now)

    def inform(self, watches: Watching) -> None:
        """Whom to tell what other instances learned."""
        self._watches = watches

    def after_freeze(self) -> None:
        """Connections are dead then."""
        self._listener.drop()
        self._server.spawn(self._server.drop_idle())

    def _hear(self, product: str, batcher: SharedBatcher, message: bytes) -> None:
        heard = batcher.hear(message)
        if self._watches is not None and (watched := self._watches.watched(product, heard)):
            self._server.spawn(self._learn(product, batcher, watched))

    async def _learn(self, product: str, batcher: SharedBatcher, task_ids: Collection[str]) -> None:
        await batcher.calls.refresh(task_ids)
        if self._watches is not None:
            self._watches.look_again(product, task_ids)

    async def close(self) -> None:
        """Leave the others."""
        await self._listener.stop()
        for batcher in self._batchers:
            await batcher.close()
        await self._server.close()
