"""One product with everything that serves it: SDK client, callers per action, loader, listing, submitter."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from functions.errors import UpstreamFault
from functions.model import Clock, Moment, TaskKey, TaskSnapshot
from functions.products.listing.pages import Listing
from functions.products.lookup.by_id import lookup_of
from functions.products.lookup.cache import Freshness, TaskCache
from functions.products.lookup.loader import PendingLookup, Rows, TaskLoader
from functions.products.lookup.window_scan import WindowScan
from functions.products.quota import QuotaFigures, read_quotas
from functions.products.rows import read_tasks
from functions.products.spec import ProductSpec, SubmitSpec
from functions.products.submit.rejections import Submitted
from functions.products.submit.submitter import ProductSubmitter
from functions.settings import Endpoint, Settings
from functions.upstream.caller import ActionCaller
from functions.upstream.credentials import CredentialSource
from functions.upstream.metrics import ActionStats
from functions.upstream.operation import Operation
from functions.upstream.sdk_client import SdkClient

_MAX_PATH_PAGES = 4
"""Of the tasks of one exact URL the newest 200 rows and more are read; nobody refreshes a URL more often in 3 days."""


class PathMatches(msgspec.Struct, frozen=True):
    """TaskIds found for a URL, newest first, and the faults met."""

    task_ids: tuple[str, ...]
    faults: tuple[UpstreamFault, ...] = ()


class Product:
    """What the service can ask of a product; what differs between products is in `spec`."""

    def __init__(
        self, spec: ProductSpec, settings: Settings, credentials: CredentialSource, shared: SharedState
    ) -> None:
        """`shared` is the state that all products share."""
        self.spec = spec
        self._client = SdkClient(
            spec.sdk_package, settings.endpoints.get(spec.name, Endpoint(spec.endpoint)), spec.region, credentials
        )
        self._callers = {
            operation.action: ActionCaller(operation, self._client, _rate(operation, settings))
            for operation in spec.operations
        }
        self._cache = shared.cache
        lists = spec.listing.operation
        rate = _rate(lists, settings)
        self.listing = Listing(spec, self._callers[lists.action], rate, shared.clock, settings.fresh_seconds)
        by_id = self._callers[spec.lookup.operation.action]
        scan = WindowScan(spec, by_id, shared.clock) if spec.lookup.operation == spec.listing.operation else None
        self._loader = TaskLoader(
            by_id, spec.lookup.ids_per_call, lookup_of(spec, by_id), shared.cache, shared.clock, scan
        )
        self._submitter = ProductSubmitter(self._callers, spec.submits, shared.clock)

    def lookup(self, task_ids: Collection[str], deadline: float, freshness: Freshness | None = None) -> PendingLookup:
        """Begin to look up distinct TaskIds; use the result as a context."""
        return self._loader.load(task_ids, deadline, freshness)

    def observe(self, task_id: str, rows: Rows, asked: Moment) -> TaskSnapshot:
        """Cache all rows of a task, as a list showed them to a call at `asked`; returns the task's newest snapshot."""
        known = self._cache.last(TaskKey(self.spec.name, task_id))
        if known is not None and known.found and known.checked.age_at(asked) < 0:
            return known
        return self._loader.observe(task_id, rows, asked)

    async def quota(self, deadline: float) -> tuple[QuotaFigures, ...]:
        """The day's quotas and what remains of them. Raises UpstreamFault."""
        answer = await self._callers[self.spec.quota.action].call({}, deadline)
        return read_quotas(answer.body, product=self.spec.name)

    async def tasks_of_path(self, object_path: str, deadline: float) -> PathMatches:
        """TaskIds of the tasks that have a row of exactly this URL, newest first (list by ObjectPath)."""
        listing = self.spec.listing
        found: dict[str, None] = {}
        try:
            for number in range(1, _MAX_PATH_PAGES + 1):
                parameters = {"ObjectPath": object_path, "PageNumber": number, "PageSize": listing.page_size}
                answer = await self._callers[listing.operation.action].call(parameters, deadline)
                reading = read_tasks(answer.body, self.spec.words, product=self.spec.name)
                found.update(dict.fromkeys(reading.rows))
                if reading.count < listing.page_size:
                    break
        except UpstreamFault as fault:
            return PathMatches(tuple(found), (fault,))
        return PathMatches(tuple(found))

    async def submit(self, spec: SubmitSpec, object_paths: tuple[str, ...], deadline: float) -> Submitted:
        """Submit well-formed URLs as one of `self.spec.submits`; every one of them is accounted for."""
        return await self._submitter.submit(spec, object_paths, deadline)

    def stats(self) -> tuple[ActionStats, ...]:
        """The counts of each action."""
        return tuple(caller.stats() for caller in self._callers.values())

    def drop_connections(self) -> None:
        """Close pooled connections: after a freeze they are dead."""
        self._client.drop_connections()

    def close(self) -> None:
        """Stop the product's threads."""
        self._client.close()


class SharedState(msgspec.Struct, frozen=True):
    """What all products share."""

    cache: TaskCache
    clock: Clock


def _rate(operation: Operation, settings: Settings) -> float:
    if operation.rate_setting is not None:
        return settings.qps(operation.rate_setting)
    return operation.qps * settings.quota_share / settings.instances
