"""How URLs are put into calls, and what a minute lets through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from functions.model import Moment
from functions.products.submit.batches import by_domain, calls_for, domain_of, halves, halves_by_domain
from functions.products.submit.domain_limit import DomainRateLimit

HOSTS = st.sampled_from([f"{letter}.example.com" for letter in "abcdefg"])
URLS = st.lists(st.builds("https://{}/{}".format, HOSTS, st.integers(0, 60)), max_size=60)


def urls(host: str, count: int) -> list[str]:
    return [f"https://{host}/{number}" for number in range(count)]


@given(paths=URLS, per_call=st.integers(1, 12), domains=st.integers(1, 4))
def test_every_url_travels_once_and_no_call_is_over_a_limit(paths: list[str], per_call: int, domains: int) -> None:
    calls = calls_for(paths, per_call, domains)
    assert sorted(path for call in calls for path in call) == sorted(set(paths))
    for call in calls:
        assert 1 <= len(call) <= per_call
        assert len({domain_of(path) for path in call}) <= domains
    fewest = max(-(-len(set(paths)) // per_call), -(-len(by_domain(paths)) // domains))
    assert len(calls) <= fewest * 2


def test_a_thousand_urls_of_one_domain_are_one_call() -> None:
    assert len(calls_for(urls("a.example.com", 1_000), 1_000, 10)) == 1


def test_a_call_is_filled_up_with_the_next_domain() -> None:
    calls = calls_for([*urls("a", 60), *urls("b", 60)], 100, 10)
    assert [len(call) for call in calls] == [100, 20]


def test_the_domain_is_told_with_and_without_a_scheme_and_past_another_urls_name() -> None:
    written = ["http://A.example.com/x", "a.example.com/x", "HTTPS://a.example.com/?u=http://b.example.com/"]
    assert {domain_of(path) for path in written} == {"a.example.com"}


@given(paths=URLS.filter(lambda paths: len(set(paths)) > 1))
def test_halves_lose_nothing_and_are_both_smaller(paths: list[str]) -> None:
    (call,) = calls_for(paths, 1_000, 1_000)
    for parts in (halves(call), halves_by_domain(call)):
        if parts is not None:
            assert parts[0] + parts[1] == call
            assert all(parts)


@given(paths=URLS.filter(bool))
def test_halves_by_domain_share_none(paths: list[str]) -> None:
    (call,) = calls_for(paths, 1_000, 1_000)
    parts = halves_by_domain(call)
    if parts is None:
        assert len(by_domain(call)) == 1
    else:
        assert not by_domain(parts[0]).keys() & by_domain(parts[1]).keys()


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
