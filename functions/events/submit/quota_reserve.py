"""Leaves a share of the day's quota to people (`TASK_STATUS_KEEP_QUOTA`)."""

from __future__ import annotations

import asyncio
import logging
import math

from functions.events.change import ActionKind
from functions.logs import log_event
from functions.model import Clock, Moment
from functions.tasks.query import EVERYTHING
from functions.tasks.results import NothingAnswered, Tasks

FIGURES_SECONDS = 60.0
"""How long the vendor's figures serve; what is submitted meanwhile is counted here."""
LOOKUP_SECONDS = 3.0
"""What asking for the figures may take: claims that wait for it grow old meanwhile (`Timings.recover`)."""
QUOTA_OF = {
    (ActionKind.REFRESH, "file"): "url",
    (ActionKind.REFRESH, "directory"): "directory",
    (ActionKind.PRELOAD, "file"): "preload",
}
"""Which of the day's quotas a submission counts against (docs/contract.md 7)."""


class QuotaReserve:
    """Grants submissions."""

    def __init__(self, tasks: Tasks, keep: float, clock: Clock) -> None:
        """`keep` is the share to leave, 0 to 1."""
        self._tasks = tasks
        self._keep = keep
        self._clock = clock
        self._asking = asyncio.Lock()
        self._asked: Moment | None = None
        self._grantable: dict[tuple[str, str], int] = {}

    async def grant(self, product: str, kind: ActionKind, object_type: str, wanted: int) -> int | None:
        """How many of `wanted` URLs may be submitted now; they count as spent.

        None while the quota is not known: it could be used up, so nothing may be submitted yet.
        """
        if not self._keep:
            return wanted
        async with self._asking:
            if self._asked is None or self._asked.age_at(self._clock.now()) >= FIGURES_SECONDS:
                await self._ask()
            left = self._grantable.get((product, QUOTA_OF[kind, object_type]))
            if left is None:
                log_event("quota-unknown", level=logging.WARNING, product=product, action=kind, urls=wanted)
                return None
            granted = min(wanted, left)
            self._grantable[product, QUOTA_OF[kind, object_type]] = left - granted
            return granted

    async def _ask(self) -> None:
        self._asked = self._clock.now()
        self._grantable.clear()
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                quotas = (await self._tasks.quota(EVERYTHING)).report.quotas
        except (NothingAnswered, TimeoutError):
            return
        for each in quotas:
            if each.quota is not None and each.remaining is not None:
                left = math.floor(each.remaining - each.quota * self._keep)
                self._grantable[each.product, each.kind] = max(left, 0)
