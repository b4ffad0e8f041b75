"""Keeps a share of the day's quota (`TASK_STATUS_KEEP_QUOTA`) for people whose rights are not restricted."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from functions.logs import log_event
from functions.model import Clock, Moment
from functions.tasks.query import EVERYTHING, Scope
from functions.tasks.results import NothingAnswered, QuotaAnswer

FIGURES_SECONDS = 60.0
"""How long the vendor's figures serve; what is submitted meanwhile is counted here."""
LOOKUP_SECONDS = 6.0
"""What asking for the figures may take, at a cold start too, when the SDKs are imported: a submission waits for it."""
QUOTA_OF: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("refresh", "file"): "url",
        ("refresh", "directory"): "directory",
        ("refresh", "regex"): "regex",
        ("refresh", "ignoreparams"): "ignore-params",
        ("preload", "file"): "preload",
    }
)
"""Which of the day's quotas a submission, by action and object type, counts against (docs/vendor.md 3)."""


Quota = Callable[[Scope, tuple[str, ...]], Awaitable[QuotaAnswer]]
"""Asks products for their quotas."""


class QuotaReserve:
    """Grants submissions down to the reserve; one per service, so that all its submissions are counted together."""

    def __init__(self, quota: Quota, keep: float, clock: Clock) -> None:
        """`quota` asks the vendor; `keep` is the share to leave, 0 to 1."""
        self._quota = quota
        self._keep = keep
        self._clock = clock
        self._figures: defaultdict[str, _Figures] = defaultdict(_Figures)

    async def grant(self, product: str, action: str, object_type: str, wanted: int) -> int | None:
        """How many of `wanted` URLs may be submitted now; they count as spent.

        None while the quota is not known: it could be used up, so nothing may be submitted yet.
        """
        if not self._keep:
            return wanted
        figures, kind = self._figures[product], QUOTA_OF[action, object_type]
        async with figures.asking:
            if figures.asked is None or figures.asked.age_at(self._clock.now()) >= FIGURES_SECONDS:
                figures.asked = self._clock.now()
                figures.grantable = await self._ask(product)
            left = figures.grantable.get(kind)
            if left is None:
                log_event("quota-unknown", level=logging.WARNING, product=product, action=action, urls=wanted)
                return None
            granted = min(wanted, left)
            figures.grantable[kind] = left - granted
            return granted

    async def _ask(self, product: str) -> dict[str, int]:
        """How many URLs may be submitted, by kind, as far as the vendor tells."""
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                quotas = (await self._quota(EVERYTHING, (product,))).report.quotas
        except (NothingAnswered, TimeoutError):
            return {}
        return {
            each.kind: max(math.floor(each.remaining - each.quota * self._keep), 0)
            for each in quotas
            if each.quota is not None and each.remaining is not None
        }


class _Figures:
    """Of one product: what it told last, and how much of that is left to grant."""

    def __init__(self) -> None:
        self.asking = asyncio.Lock()
        self.asked: Moment | None = None
        self.grantable: dict[str, int] = {}
