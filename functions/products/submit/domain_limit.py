"""What the vendor lets be submitted within a minute for one domain, counted before it is sent (facts 2)."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from functions.model import Clock, Moment

MINUTE_SECONDS = 60.0


@dataclass
class _Spent:
    at: Moment
    urls: int


class DomainRateLimit:
    """At most `limit` URLs of a domain in any minute, as far as this instance sends them."""

    def __init__(self, limit: int, clock: Clock) -> None:
        """Nothing spent yet."""
        self._limit = limit
        self._clock = clock
        self._spent: dict[str, deque[_Spent]] = {}

    def take(self, domain: str, wanted: int) -> int:
        """How many of `wanted` URLs may be sent now; they count from now on."""
        self._forget_old()
        granted = min(wanted, self._limit - sum(each.urls for each in self._spent.get(domain, ())))
        if granted:
            self._spent.setdefault(domain, deque()).append(_Spent(self._clock.now(), granted))
        return granted

    def give_back(self, domain: str, urls: int) -> None:
        """So many of those taken last were surely not submitted."""
        for each in reversed(self._spent.get(domain, ())):
            returned = min(urls, each.urls)
            each.urls -= returned
            urls -= returned

    def wait_for(self, domain: str) -> int:
        """Whole seconds until the domain has room again."""
        used = [each for each in self._spent.get(domain, ()) if each.urls]
        ages = [each.at.age_at(self._clock.now()) for each in used]
        return max(1, math.ceil(MINUTE_SECONDS - max(ages, default=MINUTE_SECONDS)))

    def _forget_old(self) -> None:
        now = self._clock.now()
        for domain, spent in tuple(self._spent.items()):
            while spent and (not spent[0].urls or spent[0].at.age_at(now) >= MINUTE_SECONDS):
                spent.popleft()
            if not spent:
                del self._spent[domain]
