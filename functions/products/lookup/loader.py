"""Where tasks of one product are asked for by id: what is known is answered, the rest shares the vendor's calls."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from typing import Self

import msgspec

from functions.errors import Reason, UpstreamFault
from functions.model import PRIMED_SECONDS, Clock, Moment, Row, TaskKey, TaskSnapshot, sight
from functions.products.lookup.cache import Freshness, TaskCache
from functions.upstream.batcher import Batcher, Bulk, InFlight
from functions.upstream.caller import ActionCaller
from functions.upstream.rate_limiter import Permit

PATIENCE_SECONDS = 1.0
"""How long an id with a known answer waits for a free call before that answer is given, with its age."""

Rows = tuple[Row, ...]
LookupRows = Callable[[tuple[str, ...], float, Permit], Awaitable[Mapping[str, Rows | UpstreamFault]]]
"""A product's way of asking the vendor: rows (none: unknown there) or a fault for every id."""


class LookupResult(msgspec.Struct, frozen=True):
    """What is known of one id in one product: a snapshot, or a fault, or with both a stale snapshot and why."""

    snapshot: TaskSnapshot | None = None
    fault: UpstreamFault | None = None
    batch: int | None = None


class TaskLoader:
    """Asks one product by id. `size` ids travel in one call of `channel`, carried out by `lookup`."""

    def __init__(  # noqa: PLR0913 -- its parts, each from elsewhere
        self,
        channel: ActionCaller,
        size: int,
        lookup: LookupRows,
        cache: TaskCache,
        clock: Clock,
        bulk: Bulk[Rows] | None = None,
    ) -> None:
        """One loader per product; the cache may be shared by all."""
        self.product = channel.operation.product
        self._channel = channel
        self._size = size
        self._lookup = lookup
        self._cache = cache
        self._clock = clock
        self.batcher: Batcher[LookupResult] = Batcher(
            channel, size, self._fetch, _Observed(self, bulk) if bulk else None
        )

    def ask(self, task_ids: Collection[str], deadline: float, freshness: Freshness | None = None) -> PendingLookup:
        """Begin to ask for distinct ids; `deadline` is on the loop's clock."""
        known: dict[str, LookupResult] = {}
        wanted: list[str] = []
        for task_id in task_ids:
            key = TaskKey(self.product, task_id)
            self._cache.asked(key)
            snapshot = self._cache.fresh(key, freshness)
            if snapshot is None:
                wanted.append(task_id)
            else:
                known[task_id] = LookupResult(snapshot)
        self._channel.figures.hits += len(known)
        admitted = self._admit(wanted, deadline, known)
        return PendingLookup(self, known, self.batcher.board(admitted, deadline), deadline)

    def finding_without_answer(self, task_id: str, fault: UpstreamFault, batch: int | None = None) -> LookupResult:
        """A fault, with the last known answer where there is one young enough."""
        return LookupResult(self._cache.stale(TaskKey(self.product, task_id)), fault, batch)

    def _admit(self, wanted: list[str], deadline: float, known: dict[str, LookupResult]) -> list[str]:
        """Those that can be asked in time; the others are told at once what is known, or that they must wait."""
        now = asyncio.get_running_loop().time()
        waits = _Waits(self._channel, self.batcher)
        # Ids without any answer go first: the others have something to show meanwhile.
        last_known = {task_id: self._cache.stale(TaskKey(self.product, task_id)) for task_id in wanted}
        admitted: list[str] = []
        for task_id, stale in sorted(last_known.items(), key=lambda known_id: known_id[1] is not None):
            wait = waits.of(len(admitted))
            if now + wait < deadline and (stale is None or wait <= PATIENCE_SECONDS):
                admitted.append(task_id)
            else:
                fault = UpstreamFault(Reason.THROTTLED, product=self.product, retry_after=math.ceil(wait))
                known[task_id] = LookupResult(stale, fault)
        return admitted

    async def _fetch(self, task_ids: tuple[str, ...], deadline: float, permit: Permit) -> Mapping[str, LookupResult]:
        # The moment of asking, not of the answer: an answer that lay in a frozen instance's socket is as old as that.
        asked = self.now()
        rows = await self._lookup(task_ids, deadline, permit)
        return {task_id: self._finding(task_id, rows[task_id], asked) for task_id in task_ids}

    def _finding(self, task_id: str, rows: Rows | UpstreamFault, asked: Moment) -> LookupResult:
        if isinstance(rows, UpstreamFault):
            return self.finding_without_answer(task_id, rows)
        return LookupResult(self.observe(task_id, rows, asked))

    def now(self) -> Moment:
        """The desk's clock."""
        return self._clock.now()

    def observe(self, task_id: str, rows: Rows, asked: Moment) -> TaskSnapshot:
        """Make a snapshot of all rows of a task (or none) and keep it."""
        key = TaskKey(self.product, task_id)
        before = self._cache.last(key)
        unchanged = before is not None and before.rows == rows
        snapshot = sight(
            key,
            rows,
            checked=asked,
            unchanged_since=before.unchanged_since if before and unchanged else asked,
            first_asked=self._cache.asked(key),
            primed=before is not None and before.checked.age_at(asked) <= PRIMED_SECONDS,
        )
        self._cache.keep(snapshot)
        return snapshot


class PendingLookup:
    """One request's question to one product, while it is open. Leave it, or the vendor is asked for nobody."""

    def __init__(
        self,
        loader: TaskLoader,
        known: Mapping[str, LookupResult],
        flights: Collection[InFlight[LookupResult]],
        deadline: float,
    ) -> None:
        """Made by `TaskLoader.ask`."""
        self._loader = loader
        self._known = known
        self._flights = flights
        self._deadline = deadline
        self._product = loader.product

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give up what is still under way."""
        self._loader.batcher.leave(self._flights)

    async def settled(self, until: float) -> None:
        """Return when every id is answered, or at `until`."""
        pending = [flight.result for flight in self._flights if not flight.result.done()]
        seconds = until - asyncio.get_running_loop().time()
        if pending and seconds > 0:
            await asyncio.wait(pending, timeout=seconds)

    def findings(self) -> dict[str, LookupResult]:
        """One finding for every id, as things stand now."""
        return {**self._known, **{flight.key: self._of(flight) for flight in self._flights}}

    def _of(self, flight: InFlight[LookupResult]) -> LookupResult:
        if flight.result.done() and not flight.result.cancelled():
            return msgspec.structs.replace(flight.result.result(), batch=flight.batch)
        if flight.result.done():
            reason = Reason.MALFORMED
        else:
            reason = Reason.DEADLINE if flight.batch is None else Reason.TIMEOUT
        fault = UpstreamFault(reason, product=self._product)
        return self._loader.finding_without_answer(flight.key, fault, flight.batch)


class _Observed:
    """A product's bulk way whose rows become findings of the loader."""

    def __init__(self, loader: TaskLoader, bulk: Bulk[Rows]) -> None:
        self._loader = loader
        self._bulk = bulk
        self.calls_for = bulk.calls_for
        self.worth = bulk.worth

    async def run(
        self, keys: tuple[str, ...], deadline: float, permit: Permit
    ) -> AsyncIterator[tuple[str, LookupResult]]:
        asked = self._loader.now()
        async for key, rows in self._bulk.run(keys, deadline, permit):
            yield key, LookupResult(self._loader.observe(key, rows, asked))


class _Waits:
    """How long the call would wait that the n-th admitted id would ride in; reckoned once per call, not per id."""

    def __init__(self, channel: ActionCaller, batcher: Batcher[LookupResult]) -> None:
        self._channel = channel
        self._batcher = batcher
        self._by_call: dict[int, float] = {}

    def of(self, place: int) -> float:
        call = self._batcher.calls_for(place + 1)
        if call not in self._by_call:
            self._by_call[call] = self._channel.limiter.wait_for(call)
        return self._by_call[call]
