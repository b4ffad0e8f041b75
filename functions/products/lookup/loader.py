"""Loads tasks of one product by id: from the cache, or in calls that several requests share (a DataLoader)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from typing import Self

import msgspec

from functions.errors import Reason, UpstreamFault
from functions.model import PRIMED_SECONDS, Clock, Moment, TaskKey, TaskSnapshot, make_snapshot
from functions.products.lookup.cache import Freshness, TaskCache
from functions.products.lookup.principal import UNRESTRICTED, Principal, WantedId
from functions.products.lookup.queue_waits import QueueWaits
from functions.products.reading.rows import Rows
from functions.upstream.batcher import Batcher, BulkFetch, Flights, InFlight
from functions.upstream.caller import ActionCaller
from functions.upstream.fair_queue import Lane
from functions.upstream.rate_limiter import Permit

MAX_QUEUE_SECONDS = 1.0
"""An id with a cached answer waits this long for a free call; then that answer is given, with its age."""

LookupRows = Callable[[tuple[str, ...], float, Permit], Awaitable[Mapping[str, Rows | UpstreamFault]]]
"""A product's way of looking ids up: rows (none: unknown there) or a fault for every id."""


class LookupResult(msgspec.Struct, frozen=True):
    """What is known of one id in one product: a snapshot, or a fault, or both: a stale snapshot and why it is stale.

    `batch` is the number of the call that answered; None when the cache did.
    """

    snapshot: TaskSnapshot | None = None
    fault: UpstreamFault | None = None
    batch: int | None = None

    @property
    def found(self) -> bool:
        """Whether the product has the task, as far as is known."""
        return self.snapshot is not None and self.snapshot.found

    @property
    def may_change(self) -> bool:
        """Whether asking again later may give another result."""
        if self.fault is not None:
            return self.fault.retryable
        return self.snapshot is not None and not self.snapshot.done

    def may_appear(self, now: Moment) -> bool:
        """Whether the product answered that it does not know the id, so lately that it may still come to know it."""
        return self.snapshot is not None and not self.snapshot.found and self.snapshot.young_at(now)


class TaskLoader:
    """Looks ids up in one product; one loader per product and instance."""

    def __init__(  # noqa: PLR0913 -- collaborators, each by name
        self,
        caller: ActionCaller,
        batch_size: int,
        lookup: LookupRows,
        cache: TaskCache,
        clock: Clock,
        bulk: BulkFetch[str, Rows] | None = None,
    ) -> None:
        """`lookup` uses `caller` for at most `batch_size` ids at a time; the cache may be shared by all products."""
        self.product = caller.operation.product
        self.action = caller
        self.lookup_rows = lookup
        self.cache = cache
        self.clock = clock
        self.batch_size = batch_size
        self.bulk = bulk
        self.batcher: Flights[WantedId, LookupResult] = Batcher(
            caller, batch_size, self._fetch, _SnapshotBulk(self, bulk) if bulk else None
        )

    def load(
        self,
        task_ids: Collection[str],
        deadline: float,
        freshness: Freshness | None = None,
        principal: Principal = UNRESTRICTED,
    ) -> PendingLookup:
        """Begin to look up distinct ids for a principal; `deadline` is on the loop's clock."""
        known: dict[str, LookupResult] = {}
        missing: list[str] = []
        for task_id in task_ids:
            key = TaskKey(self.product, task_id)
            snapshot = self.cache.fresh(key, freshness, principal)
            if snapshot is None:
                missing.append(task_id)
            else:
                known[task_id] = LookupResult(snapshot)
        self.action.metrics.hits += len(known)
        admitted = self._admit(missing, deadline, known, principal)

        def is_fresh(wanted: WantedId) -> bool:
            reader = Principal(audience=wanted.audience)
            return self.cache.fresh(TaskKey(self.product, wanted.task_id), freshness, reader) is not None

        return PendingLookup(self, known, self.batcher.join(admitted, deadline, principal.caller, is_fresh), principal)

    def result_of_fault(
        self, task_id: str, fault: UpstreamFault, principal: Principal, batch: int | None = None
    ) -> LookupResult:
        """The fault, with the cached snapshot where there is one young enough to be shown as stale."""
        return LookupResult(self.cache.stale(TaskKey(self.product, task_id), principal), fault, batch)

    def _admit(
        self, missing: list[str], deadline: float, known: dict[str, LookupResult], principal: Principal
    ) -> dict[WantedId, Lane]:
        """The ids that can be asked in time; for the others, `known` gets what the cache has, or THROTTLED."""
        now = asyncio.get_running_loop().time()
        waits = QueueWaits(self.action, self.batcher, principal.caller)
        admitted: dict[WantedId, Lane] = {}
        for task_id in missing:
            key = TaskKey(self.product, task_id)
            cached, stale = self.cache.last(key, principal), self.cache.stale(key, principal)
            seen = cached is not None and cached.found
            lane = Lane.KNOWN if seen else Lane.NEW
            wait = waits.next(lane)
            if now + wait < deadline and (stale is None or wait <= MAX_QUEUE_SECONDS):
                waits.count(lane)
                # An answer that the principal has seen before it may see again; any other it has to wait for alone.
                admitted[WantedId(task_id, None if seen else principal.audience)] = lane
            else:
                fault = UpstreamFault(Reason.THROTTLED, product=self.product, retry_after=math.ceil(wait))
                known[task_id] = LookupResult(stale, fault)
        return admitted

    async def _fetch(
        self, wanted: tuple[WantedId, ...], deadline: float, permit: Permit
    ) -> Mapping[WantedId, LookupResult]:
        # The time of asking, not of the answer: an answer may have waited in a frozen instance's socket.
        asked = self.now()
        rows = await self.lookup_rows(tuple(dict.fromkeys(each.task_id for each in wanted)), deadline, permit)
        return {each: self.result_of(each, rows[each.task_id], asked) for each in wanted}

    def result_of(self, wanted: WantedId, rows: Rows | UpstreamFault, asked: Moment) -> LookupResult:
        """What the vendor's answer to a call at `asked` is for those who wait for it."""
        principal = Principal(audience=wanted.audience)
        if isinstance(rows, UpstreamFault):
            return self.result_of_fault(wanted.task_id, rows, principal)
        snapshot = self.observe(wanted.task_id, rows, asked, principal)
        if snapshot.found and not principal.sees(snapshot):
            return LookupResult(self.observe(wanted.task_id, (), asked, principal))
        return LookupResult(snapshot)

    def now(self) -> Moment:
        """The loader's clock."""
        return self.clock.now()

    def observe(self, task_id: str, rows: Rows, asked: Moment, principal: Principal = UNRESTRICTED) -> TaskSnapshot:
        """Cache and return a snapshot of a task from all its rows (none: unknown), as answered to a call at `asked`."""
        key = TaskKey(self.product, task_id)
        principal = UNRESTRICTED if rows else principal
        before = self.cache.last(key, principal)
        snapshot = make_snapshot(
            key,
            rows,
            checked=asked,
            unchanged_since=before.unchanged_since if before is not None and before.rows == rows else asked,
            first_asked=self.cache.first_asked(key, principal),
            primed=before is not None and before.checked.age_at(asked) <= PRIMED_SECONDS,
        )
        self.cache.put(snapshot, principal)
        return snapshot


class PendingLookup:
    """One request's lookup in one product, as a context: leaving it gives up ids that nobody else waits for."""

    def __init__(
        self,
        loader: TaskLoader,
        known: Mapping[str, LookupResult],
        in_flight: Collection[InFlight[WantedId, LookupResult]],
        principal: Principal,
    ) -> None:
        """Made by `TaskLoader.load`."""
        self._principal = principal
        self._loader = loader
        self._known = known
        self._in_flight = in_flight

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave what is still in flight."""
        self._loader.batcher.leave(self._in_flight)

    async def settled(self, until: float) -> None:
        """Return when every id has a result, or at `until` (the loop's clock)."""
        pending = [flight.result for flight in self._in_flight if not flight.result.done()]
        seconds = until - asyncio.get_running_loop().time()
        if pending and seconds > 0:
            await asyncio.wait(pending, timeout=seconds)

    def results(self) -> dict[str, LookupResult]:
        """A result for every id, as things stand now."""
        return {**self._known, **{flight.key.task_id: self._result(flight) for flight in self._in_flight}}

    def _result(self, flight: InFlight[WantedId, LookupResult]) -> LookupResult:
        if flight.result.done() and not flight.result.cancelled():
            return msgspec.structs.replace(flight.result.result(), batch=flight.batch)
        if flight.result.done():
            reason = Reason.MALFORMED
        else:
            reason = Reason.DEADLINE if flight.batch is None else Reason.TIMEOUT
        fault = UpstreamFault(reason, product=self._loader.product)
        return self._loader.result_of_fault(flight.key.task_id, fault, self._principal, flight.batch)


class _SnapshotBulk:
    """A bulk fetch of rows as one of lookup results."""

    def __init__(self, loader: TaskLoader, bulk: BulkFetch[str, Rows]) -> None:
        self._loader = loader
        self._bulk = bulk
        self.calls_for = bulk.calls_for
        self.pays_off = bulk.pays_off

    async def run(
        self, keys: tuple[WantedId, ...], deadline: float, permit: Permit
    ) -> AsyncIterator[tuple[WantedId, LookupResult]]:
        asked = self._loader.now()
        wanted: dict[str, list[WantedId]] = {}
        for key in keys:
            wanted.setdefault(key.task_id, []).append(key)
        async for task_id, rows in self._bulk.run(tuple(wanted), deadline, permit):
            for key in wanted[task_id]:
                yield key, self._loader.result_of(key, rows, asked)
