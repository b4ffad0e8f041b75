"""What each caller may use of this instance and of the account, so that one caller cannot use up what others need.

A caller is named by `Scope.caller`; what it asks by the minute and submits is counted for each account apart, and there
it is named like `acme/<caller>`. Callers who cannot be told apart share one budget that is ten times as large.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext

from functions.errors import TaskStatusError
from functions.model import Clock, split_account
from functions.settings import CallerLimits
from functions.tasks.query import ANONYMOUS, INTERNAL
from functions.upstream.sliding_window import SlidingWindow

ANONYMOUS_FACTOR = 10
MINUTE_SECONDS = 60.0
DAY_SECONDS = 86_400.0
WAITS, IDS = "open waits and streams", "ids being looked up, those of equal lookups counted once,"
LISTS, URLS_A_MINUTE, URLS_A_DAY = "lists a minute", "submitted URLs a minute", "submitted URLs a day"
CHECKS = "checks a minute"
_WHEN_FREE_SECONDS = 1
"""When to come back after a bound on what is open at the same time: it is free as soon as a request ends."""


class BudgetExceeded(TaskStatusError):  # noqa: N818 -- it says what happened
    """Raised when a caller asks for more than its budget; `detail` says which bound, `retry_after` is in seconds."""

    def __init__(self, detail: str, retry_after: int) -> None:
        """`detail` is for the caller."""
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


def too_much(limit: float, what: str, retry_after: int) -> BudgetExceeded:
    """The refusal of what exceeds `limit`."""
    return BudgetExceeded(f"at most {limit:.0f} {what} for one caller", retry_after)


class CallerBudgets:
    """The budgets of all callers of this instance."""

    def __init__(self, limits: CallerLimits, clock: Clock) -> None:
        """`clock` times what is bounded by the minute and by the day."""
        self._waits = _Concurrent(limits.waits, WAITS)
        self._ids = _Concurrent(limits.ids, IDS)
        self._lists = _Windowed(limits.lists_per_minute, MINUTE_SECONDS, LISTS, clock)
        self._checks = _Windowed(limits.checks_per_minute, MINUTE_SECONDS, CHECKS, clock)
        self._urls = (
            _Windowed(limits.urls_per_minute, MINUTE_SECONDS, URLS_A_MINUTE, clock),
            _Windowed(limits.urls_per_day, DAY_SECONDS, URLS_A_DAY, clock),
        )

    def open_now(self, caller: str) -> tuple[int, int]:
        """How many waits and how many ids of the caller there are."""
        return self._waits.used(caller), self._ids.used(caller)

    @contextmanager
    def wait(self, caller: str) -> Iterator[None]:
        """One wait or stream, while it is open. Raises BudgetExceeded."""
        with self._waits.hold(caller, object()):
            yield

    @contextmanager
    def ids(self, caller: str, lookup: Hashable, count: int) -> Iterator[None]:
        """The `count` ids of a lookup, while it lasts; equal lookups share their work and count once.

        The same ids in another lookup count again: its answer has to be made anew. Raises BudgetExceeded.
        """
        with self._ids.hold(caller, lookup, count):
            yield

    def charge_list(self, caller: str) -> None:
        """One list query, or another that costs vendor calls whatever is cached. Raises BudgetExceeded."""
        self._lists.spend(caller, 1)

    def charge_check(self, caller: str) -> None:
        """One check of what the edge serves. Raises BudgetExceeded."""
        self._checks.spend(caller, 1)

    def charge_urls(self, caller: str, count: int) -> None:
        """So many URLs to be submitted. Raises BudgetExceeded, and then charges nothing."""
        for budget in self._urls:
            budget.check(caller, count)
        for budget in self._urls:
            budget.charge(caller, count)

    def refund_urls(self, caller: str, count: int) -> None:
        """So many of the URLs charged last were surely not submitted."""
        for budget in self._urls:
            budget.refund(caller, count)


class Budgets:
    """The budgets as the service asks for them: here those of this instance are all there are."""

    def __init__(self, limits: CallerLimits, clock: Clock) -> None:
        """`clock` times what is bounded by the minute and by the day."""
        self.own = CallerBudgets(limits, clock)

    @asynccontextmanager
    async def lookup(self, caller: str, lookup: Hashable, ids: int, *, waits: bool) -> AsyncIterator[None]:
        """A lookup of so many ids, one that waits or not, while it lasts. Raises BudgetExceeded."""
        with self.own.ids(caller, lookup, ids), self.own.wait(caller) if waits else nullcontext():
            yield

    async def charge_list(self, caller: str) -> None:
        """As `CallerBudgets.charge_list`."""
        self.own.charge_list(caller)

    async def charge_check(self, caller: str) -> None:
        """As `CallerBudgets.charge_check`."""
        self.own.charge_check(caller)

    async def charge_urls(self, caller: str, count: int) -> None:
        """As `CallerBudgets.charge_urls`."""
        self.own.charge_urls(caller, count)

    async def refund_urls(self, caller: str, count: int) -> None:
        """As `CallerBudgets.refund_urls`."""
        self.own.refund_urls(caller, count)


def limit_of(caller: str, limit: int) -> float:
    """What a limit is for this caller, in whatever account."""
    _, who = split_account(caller)
    if who == INTERNAL:
        return math.inf
    return limit * ANONYMOUS_FACTOR if who == ANONYMOUS else limit


class _Concurrent:
    """At most `limit` units of a caller's distinct things at the same time."""

    def __init__(self, limit: int, what: str) -> None:
        self._limit = limit
        self._what = what
        self._held: dict[str, Counter[Hashable]] = {}
        self._used: Counter[str] = Counter()

    def used(self, caller: str) -> int:
        return self._used.get(caller, 0)

    @contextmanager
    def hold(self, caller: str, thing: Hashable, units: int = 1) -> Iterator[None]:
        held = self._held.get(caller, Counter())
        limit = limit_of(caller, self._limit)
        if thing not in held and self._used[caller] + units > limit:
            raise too_much(limit, self._what, _WHEN_FREE_SECONDS)
        self._held[caller] = held
        self._used[caller] += 0 if thing in held else units
        held[thing] += 1
        try:
            yield
        finally:
            self._release(caller, thing, units)

    def _release(self, caller: str, thing: Hashable, units: int) -> None:
        held = self._held[caller]
        held[thing] -= 1
        if not held[thing]:
            del held[thing]
            self._used[caller] -= units
        if not held:
            del self._held[caller], self._used[caller]


class _Windowed:
    """At most `limit` units of a caller in any `seconds`."""

    def __init__(self, limit: int, seconds: float, what: str, clock: Clock) -> None:
        self._limit = limit
        self._what = what
        self._spent = SlidingWindow(seconds, clock)

    def spend(self, caller: str, count: int) -> None:
        self.check(caller, count)
        self.charge(caller, count)

    def check(self, caller: str, count: int) -> None:
        limit = limit_of(caller, self._limit)
        if self._spent.used(caller) + count > limit:
            raise too_much(limit, self._what, self._spent.seconds_until(caller, limit - count))

    def charge(self, caller: str, count: int) -> None:
        self._spent.add(caller, count)

    def refund(self, caller: str, count: int) -> None:
        self._spent.give_back(caller, count)
