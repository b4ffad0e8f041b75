"""One product with everything that serves it: SDK client, callers, adapter, cache, loader and listing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import msgspec

from functions.model import Clock, Moment, TaskKey, TaskSnapshot
from functions.products.adapter import AdapterContext
from functions.products.jobs import Job, JobReader
from functions.products.listing.pages import ListSource
from functions.products.listing.path_search import PathSearch
from functions.products.lookup.cache import Freshness, TaskCache
from functions.products.lookup.loader import PendingLookup, TaskLoader
from functions.products.lookup.principal import UNRESTRICTED, Principal
from functions.products.lookup.window_scan import WindowScan
from functions.products.reading.quota import QuotaFigures
from functions.products.reading.rows import Rows
from functions.products.spec import ProductConfig, ProductSpec
from functions.products.submit.kinds import SubmitKind
from functions.products.submit.rejections import Submitted
from functions.upstream.caller import ActionCaller
from functions.upstream.credentials import Credentials
from functions.upstream.metrics import ActionStats
from functions.upstream.operation import Operation
from functions.upstream.rate_limiter import Limiter, RateLimiter
from functions.upstream.sdk_client import SdkClient


class SharedState(msgspec.Struct, frozen=True):
    """What all products of an instance share."""

    cache: TaskCache
    clock: Clock


class Fleet(Protocol):
    """What all instances share (docs/fleet.md)."""

    def limiter(self, operation: Operation, config: ProductConfig) -> Limiter:
        """Paces an action's calls over all instances."""

    def share(self, loader: TaskLoader) -> None:
        """Let a product's lookups share answers and calls with those of other instances."""


class Product:
    """What the service can ask of a product; what differs between products is in `spec` and its adapter."""

    def __init__(
        self,
        spec: ProductSpec,
        config: ProductConfig,
        credentials: Credentials,
        shared: SharedState,
        fleet: Fleet | None = None,
    ) -> None:
        """Nothing is connected or imported yet. `fleet` is None for an instance that stands for itself."""
        self.spec = spec
        self._client = SdkClient(spec.sdk_package, config.endpoint, spec.region, credentials)
        self._callers = {
            operation.action: ActionCaller(operation, self._client, _limiter_of(operation, config, fleet))
            for operation in spec.operations
        }
        self._cache = shared.cache
        self._adapter = spec.adapter(
            spec, AdapterContext(callers=self._callers, clock=shared.clock, fresh_seconds=config.fresh_seconds)
        )
        self.list_source = ListSource(
            self._adapter.list_page,
            spec.listing.page_size,
            config.rates[spec.listing.operation.action],
            shared.clock,
            config.fresh_seconds,
        )
        self.path_search = PathSearch(self.list_source, spec.listing.object_types, shared.clock)
        self._loader = TaskLoader(
            self._callers[spec.lookup.operation.action],
            spec.lookup.ids_per_call,
            self._adapter.lookup,
            shared.cache,
            shared.clock,
            self._window_scan(shared.clock),
        )
        if fleet is not None:
            fleet.share(self._loader)
        self._jobs = spec.jobs and JobReader(self._callers[spec.jobs.action], shared.clock, config.fresh_seconds)

    def lookup(
        self,
        task_ids: Collection[str],
        deadline: float,
        freshness: Freshness | None = None,
        principal: Principal = UNRESTRICTED,
    ) -> PendingLookup:
        """Begin to look up distinct TaskIds; use the result as a context."""
        return self._loader.load(task_ids, deadline, freshness, principal)

    def observe(self, task_id: str, rows: Rows, asked: Moment) -> TaskSnapshot:
        """Cache all rows of a task, as a list showed them to a call at `asked`; returns the task's newest snapshot."""
        known = self._cache.last(TaskKey(self.spec.name, task_id))
        if known is not None and known.found and known.checked.age_at(asked) < 0:
            return known
        return self._loader.observe(task_id, rows, asked)

    async def quota(self, deadline: float) -> tuple[QuotaFigures, ...]:
        """The day's quotas and what remains of them. Raises UpstreamFault."""
        return await self._adapter.quota(deadline)

    async def job(self, job_id: str, deadline: float) -> Job | None:
        """What became of a job; None where the product knows none of this id, or has no jobs. Raises UpstreamFault."""
        return await self._jobs.job(job_id, deadline) if self._jobs else None

    async def submit(self, kind: SubmitKind, object_paths: tuple[str, ...], deadline: float) -> Submitted:
        """Submit well-formed URLs as one of `self.spec.submits`; every one of them is accounted for."""
        return await self._adapter.submit(kind, object_paths, deadline)

    def stats(self) -> tuple[ActionStats, ...]:
        """The counts of each action."""
        return tuple(caller.stats() for caller in self._callers.values())

    def drop_connections(self) -> None:
        """Close pooled connections: after a freeze they are dead."""
        self._client.drop_connections()

    def close(self) -> None:
        """Stop the product's threads."""
        self._client.close()

    def _window_scan(self, clock: Clock) -> WindowScan | None:
        """Only where a lookup costs a call for each id: there the list is the cheaper way to very many ids."""
        if self.spec.lookup.ids_per_call > 1:
            return None
        return WindowScan(self.list_source, clock)


def _limiter_of(operation: Operation, config: ProductConfig, fleet: Fleet | None) -> Limiter:
    return fleet.limiter(operation, config) if fleet else RateLimiter(config.rates[operation.action])
