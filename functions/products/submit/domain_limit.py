"""Counts the URLs submitted per domain and minute, so that the vendor's limit is not exceeded (docs/vendor.md 2)."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from functions.model import Clock, Moment

MINUTE_SECONDS = 60.0


@dataclass
class _Taken:
    at: Moment
    urls: int


class DomainRateLimit:
    """At most `limit` URLs of a domain in any minute; counts what this instance submits."""

    def __init__(self, limit: int, clock: Clock) -> None:
        """Nothing submitted yet."""
        self._limit = limit
        self._clock = clock
        self._taken: dict[str, deque[_Taken]] = {}

    def take(self, domain: str, wanted: int) -> int:
        """How many of `wanted` URLs may be submitted now; they are counted from now on."""
        self._forget_old()
        granted = min(wanted, self._limit - sum(each.urls for each in self._taken.get(domain, ())))
        if granted:
            self._taken.setdefault(domain, deque()).append(_Taken(self._clock.now(), granted))
        return granted

    def give_back(self, domain: str, urls: int) -> None:
        """Stop counting so many of the URLs taken last: they were surely not submitted."""
        for each in reversed(self._taken.get(domain, ())):
            returned = min(urls, each.urls)
            each.urls -= returned
            urls -= returned

    def wait_for(self, domain: str) -> int:
        """Whole seconds until URLs of the domain may be submitted again, at least 1."""
        used = [each for each in self._taken.get(domain, ()) if each.urls]
        ages = [each.at.age_at(self._clock.now()) for each in used]
        return max(1, math.ceil(MINUTE_SECONDS - max(ages, default=MINUTE_SECONDS)))

    def _forget_old(self) -> None:
        now = self._clock.now()
        for domain, taken in tuple(self._taken.items()):
            while taken and (not taken[0].urls or taken[0].at.age_at(now) >= MINUTE_SECONDS):
                taken.popleft()
            if not taken:
                del self._taken[domain]
