"""Counts the URLs submitted per domain and minute, so that the vendor's limit is not exceeded (docs/vendor.md 2)."""

from __future__ import annotations

from functions.model import Clock
from functions.upstream.sliding_window import SlidingWindow

MINUTE_SECONDS = 60.0


class DomainRateLimit:
    """At most `limit` URLs of a domain in any minute; counts what this instance submits."""

    def __init__(self, limit: int, clock: Clock) -> None:
        """Nothing submitted yet."""
        self._limit = limit
        self._submitted = SlidingWindow(MINUTE_SECONDS, clock)

    def take(self, domain: str, wanted: int) -> int:
        """How many of `wanted` URLs may be submitted now; they are counted from now on."""
        granted = min(wanted, self._limit - self._submitted.used(domain))
        if granted:
            self._submitted.add(domain, granted)
        return granted

    def give_back(self, domain: str, urls: int) -> None:
        """Stop counting so many of the URLs taken last: they were surely not submitted."""
        self._submitted.give_back(domain, urls)

    def wait_for(self, domain: str) -> int:
        """Whole seconds until URLs of the domain may be submitted again, at least 1."""
        return self._submitted.seconds_until(domain, self._limit - 1)
