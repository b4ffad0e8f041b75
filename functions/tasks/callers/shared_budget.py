"""The budgets of callers over all instances that share a server; each instance's own bounds hold besides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager

import msgspec

from functions.model import Clock, split_account
from functions.products.shared.fleet import RedisFleet
from functions.settings import CallerLimits
from functions.tasks.callers.budget import (
    CHECKS,
    DAY_SECONDS,
    IDS,
    LISTS,
    MINUTE_SECONDS,
    URLS_A_DAY,
    URLS_A_MINUTE,
    WAITS,
    BudgetExceeded,
    Budgets,
    limit_of,
    too_much,
)
from functions.tasks.query import INTERNAL
from functions.upstream.shared.budget import Bound, Window


class SharedBudgets(Budgets):
    """All methods raise BudgetExceeded."""

    def __init__(self, limits: CallerLimits, clock: Clock, fleet: RedisFleet) -> None:
        """`fleet` is whom the limits are for."""
        super().__init__(limits, clock)
        self._limits = limits
        self._shared = fleet.budget(self._open_now)

    @asynccontextmanager
    async def lookup(self, caller: str, lookup: Hashable, ids: int, *, waits: bool) -> AsyncIterator[None]:
        """A lookup of so many ids, one that waits or not, while it lasts."""
        async with super().lookup(caller, lookup, ids, waits=waits):
            if caller != INTERNAL and (refusal := await self._shared.opened(caller)):
                bound = self._open_now(caller)[refusal.place]
                raise too_much(bound.limit, (WAITS, IDS)[refusal.place], refusal.retry_after)
            yield

    async def charge_list(self, caller: str) -> None:
        """One list query."""
        await super().charge_list(caller)
        await self._spend(caller, [Window(LISTS, 1, MINUTE_SECONDS, self._limits.lists_per_minute)])

    async def charge_check(self, caller: str) -> None:
        """One check of what the edge serves."""
        await super().charge_check(caller)
        await self._spend(caller, [Window(CHECKS, 1, MINUTE_SECONDS, self._limits.checks_per_minute)])

    async def charge_urls(self, caller: str, count: int) -> None:
        """So many URLs to be submitted: all of them or none."""
        await super().charge_urls(caller, count)
        try:
            await self._spend(caller, self._urls(count))
        except BudgetExceeded:
            await super().refund_urls(caller, count)
            raise

    async def refund_urls(self, caller: str, count: int) -> None:
        """So many of the URLs charged last were surely not submitted."""
        await super().refund_urls(caller, count)
        if count:
            await self._spend(caller, self._urls(-count))

    def _urls(self, count: int) -> list[Window]:
        return [
            Window(URLS_A_MINUTE, count, MINUTE_SECONDS, self._limits.urls_per_minute),
            Window(URLS_A_DAY, count, DAY_SECONDS, self._limits.urls_per_day),
        ]

    async def _spend(self, caller: str, windows: Sequence[Window]) -> None:
        if split_account(caller)[1] == INTERNAL:
            return
        asked = [msgspec.structs.replace(window, limit=int(limit_of(caller, window.limit))) for window in windows]
        refusal = await self._shared.spend(caller, asked)
        if refusal is not None:
            window = asked[refusal.place]
            raise too_much(window.limit, window.name, refusal.retry_after)

    def _open_now(self, caller: str) -> list[Bound]:
        waits, ids = self.own.open_now(caller)
        limits = self._limits
        return [
            Bound(waits, int(limit_of(caller, limits.waits))),
            Bound(ids, int(limit_of(caller, limits.ids))),
        ]
