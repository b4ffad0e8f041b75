"""The share of the day's quota that this door leaves to people (TASK_STATUS_KEEP_QUOTA)."""

from __future__ import annotations

import asyncio
import math

from functions.model import Clock, Moment
from functions.tasks.query import EVERYTHING
from functions.tasks.results import NothingAnswered, Tasks

KNOWN_SECONDS = 60.0
"""How long a look at the quotas holds; what this door spends meanwhile is counted here."""
LOOK_SECONDS = 3.0
"""What a look may take: claims that wait for it grow old meanwhile (`Pace.recover`)."""
KINDS = {("refresh", "file"): "url", ("refresh", "directory"): "directory", ("preload", "file"): "preload"}
"""Which quota a submission uses up."""


class QuotaReserve:
    """Says how much may be submitted."""

    def __init__(self, tasks: Tasks, keep: float, clock: Clock) -> None:
        """`keep` is a share, 0 to 1."""
        self._tasks = tasks
        self._keep = keep
        self._clock = clock
        self._looking = asyncio.Lock()
        self._looked: Moment | None = None
        self._room: dict[tuple[str, str], int] = {}

    async def take(self, product: str, action: str, object_type: str, wanted: int) -> int:
        """How many of `wanted` URLs may be submitted; they count as spent. All where the quota is not known."""
        if not self._keep:
            return wanted
        place = (product, KINDS[action, object_type])
        async with self._looking:
            if self._looked is None or self._looked.age_at(self._clock.now()) >= KNOWN_SECONDS:
                await self._look()
            if place not in self._room:
                return wanted
            granted = min(wanted, self._room[place])
            self._room[place] -= granted
            return granted

    async def _look(self) -> None:
        self._looked = self._clock.now()
        self._room.clear()
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                quotas = (await self._tasks.quota(EVERYTHING)).report.quotas
        except (NothingAnswered, TimeoutError):
            # The vendor refuses what exceeds the quota itself; an unknown figure must not stop the door.
            return
        for each in quotas:
            if each.quota is not None and each.remaining is not None:
                left = math.floor(each.remaining - each.quota * self._keep)
                self._room[each.product, each.kind] = max(left, 0)
