"""The adapter of CDN, DCDN and VOD: one API in three dialects, whose differences are data in their specs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from functions.errors import UpstreamFault
from functions.products.adapter import AdapterContext
from functions.products.listing.pages import PageCall
from functions.products.lookup.by_id import BatchedLookup, PagedLookup
from functions.products.reading.quota import QuotaFigures, read_quotas
from functions.products.reading.rows import ParsedRows, Rows, read_tasks
from functions.products.spec import ProductSpec
from functions.products.submit.kinds import SubmitKind
from functions.products.submit.rejections import Submitted
from functions.products.submit.submitter import ProductSubmitter
from functions.upstream.rate_limiter import Permit


class FamilyAdapter:
    """An `Adapter` (adapter.py)."""

    def __init__(self, spec: ProductSpec, context: AdapterContext) -> None:
        """`context.callers` has every operation of `spec`."""
        self._spec = spec
        callers = context.callers
        self._list_caller = callers[spec.listing.operation.action]
        self._quota_caller = callers[spec.quota.action]
        self._submitter = ProductSubmitter(callers, spec.submits, context.clock)
        by_id = callers[spec.lookup.operation.action]
        page_size = spec.lookup.page_size
        self._lookup: BatchedLookup | PagedLookup = (
            BatchedLookup(by_id, self.read_rows) if page_size is None else PagedLookup(by_id, self.read_rows, page_size)
        )

    async def lookup(
        self, task_ids: tuple[str, ...], deadline: float, permit: Permit | None
    ) -> Mapping[str, Rows | UpstreamFault]:
        """Comma-joined ids in one call, or the list operation with one id and all its pages."""
        return await self._lookup(task_ids, deadline, permit)

    async def list_page(self, call: PageCall, deadline: float, permit: Permit | None = None) -> ParsedRows:
        """One call of the list operation."""
        answer = await self._list_caller.call(self._list_parameters(call), deadline, permit)
        return self.read_rows(answer.body)

    async def submit(self, kind: SubmitKind, object_paths: tuple[str, ...], deadline: float) -> Submitted:
        """Batched calls of the kind's operation."""
        return await self._submitter.submit(kind, object_paths, deadline)

    async def quota(self, deadline: float) -> tuple[QuotaFigures, ...]:
        """One call of the quota operation."""
        answer = await self._quota_caller.call({}, deadline)
        return read_quotas(answer.body, product=self._spec.name)

    def read_rows(self, body: object) -> ParsedRows:
        """The rows in any of the shapes that the three products use."""
        return read_tasks(body, self._spec.words, product=self._spec.name)

    def _list_parameters(self, call: PageCall) -> Mapping[str, str | int]:
        asks = call.asks
        filters = {
            "ObjectPath": asks.object_path,
            "DomainName": asks.domain_name,
            "ObjectType": asks.object_type,
            "Status": asks.status,
        }
        # Whether EndTime is part of the range is not documented: one second later, rows of `end` are in it either way.
        times = (
            {}
            if call.end is None
            else {"StartTime": vendor_time(call.start), "EndTime": vendor_time(max(call.start, call.end) + 1)}
        )
        given = {name: word for name, word in filters.items() if word is not None}
        return {**given, **times, "PageNumber": call.number, "PageSize": self._spec.listing.page_size}


def vendor_time(second: int) -> str:
    """A second of the epoch as list operations take it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
