"""URLs of a domain in a minute are counted before they are sent."""

from __future__ import annotations

from functions.model import Moment
from functions.products.submit.domain_limit import DomainRateLimit


class HandClock:
    """Shows what it is told; the wall clock alone may be moved."""

    def __init__(self) -> None:
        self.mono = 100.0
        self.skew = 0.0

    def now(self) -> Moment:
        return Moment(wall=1_700_000_000 + self.mono + self.skew, mono=self.mono)


def test_a_minute_lets_so_many_urls_of_a_domain_through_and_the_next_minute_as_many() -> None:
    clock = HandClock()
    budget = DomainRateLimit(10, clock)
    assert (budget.take("a", 6), budget.take("a", 6), budget.take("b", 12)) == (6, 4, 10)
    clock.mono += 45
    assert budget.take("a", 1) == 0
    assert budget.wait_for("a") == 15
    clock.mono += 15
    assert budget.take("a", 12) == 10


def test_a_minute_slides() -> None:
    clock = HandClock()
    budget = DomainRateLimit(10, clock)
    budget.take("a", 4)
    clock.mono += 30
    budget.take("a", 6)
    clock.mono += 30
    assert budget.take("a", 9) == 4
    assert budget.wait_for("a") == 30


def test_what_was_not_submitted_does_not_count() -> None:
    clock = HandClock()
    budget = DomainRateLimit(10, clock)
    budget.take("a", 4)
    budget.take("a", 6)
    budget.give_back("a", 7)
    assert budget.take("a", 10) == 7
    budget.give_back("unheard-of", 3)


def test_a_minute_that_was_slept_through_is_over() -> None:
    clock = HandClock()
    budget = DomainRateLimit(10, clock)
    budget.take("a", 10)
    clock.skew = 61  # a frozen instance: the monotonic clock stood still
    assert budget.take("a", 10) == 10
