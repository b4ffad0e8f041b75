"""One product, ready to be asked: its client, a channel per action, and the desk for lookups by id."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from functions.errors import UpstreamFault
from functions.model import Clock, Moment, Sighting, TaskKey
from functions.products.listing import Listing
from functions.products.lookups import lookup_of
from functions.products.quota import QuotaLeft, read_quotas
from functions.products.reading import read_tasks
from functions.products.refusals import Submitted
from functions.products.spec import ProductSpec, SubmitSpec
from functions.products.submitting import Submitter
from functions.products.walk import WindowWalk
from functions.settings import Endpoint, Settings
from functions.upstream.channel import Channel
from functions.upstream.client import SdkClient
from functions.upstream.credentials import CredentialSource
from functions.upstream.desk import Ask, Desk, Rows
from functions.upstream.figures import ActionReport
from functions.upstream.ledger import Freshness, Ledger
from functions.upstream.operation import Operation

_MAX_PATH_PAGES = 4
"""Tasks of one exact URL in three days: more than 200 rows of it are nobody's question."""


class PathFindings(msgspec.Struct, frozen=True):
    """TaskIds found for URLs, newest first, and the faults of those that could not be asked."""

    task_ids: tuple[str, ...]
    faults: tuple[UpstreamFault, ...] = ()


class Product:
    """What the service asks. All of a product's verbs; what differs between products is in `spec`."""

    def __init__(self, spec: ProductSpec, settings: Settings, credentials: CredentialSource, parts: Parts) -> None:
        """`parts` are shared by all products."""
        self.spec = spec
        self._client = SdkClient(
            spec.sdk_package, settings.endpoints.get(spec.name, Endpoint(spec.endpoint)), spec.region, credentials
        )
        self._channels = {
            operation.action: Channel(operation, self._client, _rate(operation, settings))
            for operation in spec.operations
        }
        self._ledger = parts.ledger
        lists = spec.listing.operation
        rate = _rate(lists, settings)
        self.listing = Listing(spec, self._channels[lists.action], rate, parts.clock, settings.fresh_seconds)
        by_id = self._channels[spec.lookup.operation.action]
        walk = WindowWalk(spec, by_id, parts.clock) if spec.lookup.operation == spec.listing.operation else None
        self._desk = Desk(by_id, spec.lookup.ids_per_call, lookup_of(spec, by_id), parts.ledger, parts.clock, walk)
        self._submitter = Submitter(self._channels, spec.submits, parts.clock)

    def ask(self, task_ids: Collection[str], deadline: float, freshness: Freshness | None = None) -> Ask:
        """Begin to look up distinct TaskIds; use as a context."""
        return self._desk.ask(task_ids, deadline, freshness)

    def saw(self, task_id: str, rows: Rows, asked: Moment) -> Sighting:
        """Note all rows of a task, as a list showed them to a call made at `asked`; the newest sighting of the task."""
        known = self._ledger.last(TaskKey(self.spec.name, task_id))
        if known is not None and known.found and known.checked.age_at(asked) < 0:
            return known
        return self._desk.observe(task_id, rows, asked)

    async def quotas(self, deadline: float) -> tuple[QuotaLeft, ...]:
        """What is left of the day's quotas. Raises UpstreamFault."""
        answer = await self._channels[self.spec.quota.action].call({}, deadline)
        return read_quotas(answer.body, product=self.spec.name)

    async def tasks_of_path(self, object_path: str, deadline: float) -> PathFindings:
        """TaskIds of the tasks that have a row of exactly this URL, newest first (list by ObjectPath)."""
        listing = self.spec.listing
        found: dict[str, None] = {}
        try:
            for number in range(1, _MAX_PATH_PAGES + 1):
                parameters = {"ObjectPath": object_path, "PageNumber": number, "PageSize": listing.page_size}
                answer = await self._channels[listing.operation.action].call(parameters, deadline)
                reading = read_tasks(answer.body, self.spec.words, product=self.spec.name)
                found.update(dict.fromkeys(reading.rows))
                if reading.count < listing.page_size:
                    break
        except UpstreamFault as fault:
            return PathFindings(tuple(found), (fault,))
        return PathFindings(tuple(found))

    async def submit(self, spec: SubmitSpec, object_paths: tuple[str, ...], deadline: float) -> Submitted:
        """Submit well-formed URLs as one of `self.spec.submits`; every one of them is accounted for."""
        return await self._submitter.submit(spec, object_paths, deadline)

    def figures(self) -> tuple[ActionReport, ...]:
        """Per action, as they stand."""
        return tuple(channel.report() for channel in self._channels.values())

    def drop_connections(self) -> None:
        """After a freeze, pooled connections are dead."""
        self._client.drop_connections()

    def close(self) -> None:
        """Stop the product's threads."""
        self._client.close()


class Parts(msgspec.Struct, frozen=True):
    """What all products share."""

    ledger: Ledger
    clock: Clock


def _rate(operation: Operation, settings: Settings) -> float:
    if operation.rate_setting is not None:
        return settings.qps(operation.rate_setting)
    return operation.qps * settings.quota_share / settings.instances
