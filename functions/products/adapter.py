"""What a product must be able to do. CDN, DCDN and VOD do it in one way (family.py); others bring an adapter each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from functions.errors import UpstreamFault
from functions.model import Clock
from functions.products.listing.pages import PageCall
from functions.products.reading.quota import QuotaFigures
from functions.products.reading.rows import ParsedRows, Rows
from functions.products.submit.kinds import SubmitKind
from functions.products.submit.rejections import Submitted
from functions.upstream.caller import ActionCaller
from functions.upstream.rate_limiter import Permit

Callers = Mapping[str, ActionCaller]
"""The caller of each of the product's operations, by action."""


class AdapterContext(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter works with. An answer for a task that is not done serves for `fresh_seconds` at most."""

    callers: Callers
    clock: Clock
    fresh_seconds: float


class Adapter(Protocol):
    """One product's API in this service's terms: builds the parameters of its operations and reads their answers.

    Every `deadline` is on the loop's clock; a `permit` is used for the first call. Caching, batching and rate limits
    are not the adapter's business.
    """

    async def lookup(
        self, task_ids: tuple[str, ...], deadline: float, permit: Permit | None
    ) -> Mapping[str, Rows | UpstreamFault]:
        """All rows of each id (none: unknown there) or a fault; at most `spec.lookup.ids_per_call` ids."""

    async def list_page(self, call: PageCall, deadline: float, permit: Permit | None = None) -> ParsedRows:
        """The rows of one page of the list, newest first. Raises UpstreamFault."""

    async def submit(self, kind: SubmitKind, object_paths: tuple[str, ...], deadline: float) -> Submitted:
        """Submit well-formed URLs as one of `spec.submits`; accounts for every one of them."""

    async def quota(self, deadline: float) -> tuple[QuotaFigures, ...]:
        """The day's quotas. Raises UpstreamFault."""

    def read_rows(self, body: object) -> ParsedRows:
        """The task rows in an answer's body. Raises UpstreamFault(MALFORMED)."""
