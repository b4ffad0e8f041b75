"""The limiter under a virtual clock, against a vendor that counts arrivals in a sliding second."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.upstream.rate_limiter import RateLimiter
from tests.support.virtual_time import run


class SlidingSecondVendor:
    """Counts arrivals the way the vendor does: a call arrives somewhere between its sending and its answer."""

    def __init__(self, seed: int, latency: float, jitter: float) -> None:
        self.arrivals: list[float] = []
        self._random = random.Random(seed)
        self._latency = latency
        self._jitter = jitter

    async def call(self) -> None:
        there = self._latency / 2 + self._random.random() * self._jitter
        await asyncio.sleep(there)
        self.arrivals.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self._latency / 2 + self._random.random() * self._jitter)

    def busiest_second(self) -> int:
        arrivals = sorted(self.arrivals)
        return max(sum(1 for at in arrivals if start <= at < start + 1.0 - 1e-9) for start in arrivals)


async def _paced_call(limiter: RateLimiter, vendor: SlidingSecondVendor) -> None:
    permit = await limiter.acquire()
    try:
        await vendor.call()
    finally:
        permit.answered()


@settings(max_examples=40, deadline=None)
@given(
    rate=st.integers(1, 40),
    calls=st.integers(1, 120),
    seed=st.integers(0, 2**16),
    latency=st.floats(0.001, 0.4),
    jitter=st.floats(0, 0.3),
)
def test_never_more_than_the_rate_in_any_sliding_second_as_the_vendor_sees_it(
    rate: int, calls: int, seed: int, latency: float, jitter: float
) -> None:
    vendor = SlidingSecondVendor(seed, latency, jitter)

    async def main() -> None:
        limiter = RateLimiter(rate)
        await asyncio.gather(*(_paced_call(limiter, vendor) for _ in range(calls)))

    run(main())
    assert len(vendor.arrivals) == calls
    assert vendor.busiest_second() <= rate


def test_a_hundred_calls_take_hardly_longer_than_the_vendor_s_limit_demands() -> None:
    vendor = SlidingSecondVendor(1, latency=0.05, jitter=0.0)

    async def main() -> float:
        limiter = RateLimiter(30)
        await asyncio.gather(*(_paced_call(limiter, vendor) for _ in range(100)))
        return asyncio.get_running_loop().time()

    assert run(main()) == pytest.approx(3 * 1.05 + 0.05)


def test_waiters_are_served_in_the_order_they_came() -> None:
    async def main() -> list[int]:
        limiter, served = RateLimiter(2), []

        async def one(number: int) -> None:
            permit = await limiter.acquire()
            served.append(number)
            permit.answered()

        await asyncio.gather(*(one(number) for number in range(9)))
        return served

    assert run(main()) == list(range(9))


@settings(max_examples=40, deadline=None)
@given(gone=st.sets(st.integers(0, 19)), when=st.floats(0, 3))
def test_cancelled_waiters_cost_no_token_and_hold_up_nobody(gone: set[int], when: float) -> None:
    async def main() -> int:
        limiter = RateLimiter(4)
        vendor = SlidingSecondVendor(0, 0.1, 0.0)
        tasks = [asyncio.create_task(_paced_call(limiter, vendor)) for _ in range(20)]
        await asyncio.sleep(when)
        for number in gone:
            tasks[number].cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        finished = sum(1 for outcome in outcomes if outcome is None)
        assert finished >= 20 - len(gone)
        await asyncio.sleep(2)
        return sum([(await limiter.acquire()) is not None for _ in range(4)])

    assert run(main()) == 4


def test_one_burst_of_refusals_halves_the_rate_once_and_it_comes_back_slowly() -> None:
    async def main() -> list[float]:
        limiter = RateLimiter(30)
        for _ in range(10):
            limiter.throttled()
        rates = [limiter.rate]
        await asyncio.sleep(2)
        rates.append(limiter.rate)
        await asyncio.sleep(10)
        return [*rates, limiter.rate]

    at_once, after_two, later = run(main())
    assert at_once == 15
    assert 15 < after_two < 20
    assert later == 30


def test_the_vendor_s_retry_hint_is_honoured_to_the_millisecond() -> None:
    async def main() -> float:
        limiter = RateLimiter(30)
        limiter.throttled(1.7)
        await limiter.acquire()
        return asyncio.get_running_loop().time()

    assert run(main()) == pytest.approx(1.7)


def test_a_rate_below_one_a_second_still_lets_calls_through() -> None:
    vendor = SlidingSecondVendor(3, 0.0, 0.0)

    async def main() -> float:
        limiter = RateLimiter(0.5)
        await asyncio.gather(*(_paced_call(limiter, vendor) for _ in range(4)))
        return asyncio.get_running_loop().time()

    assert run(main()) == pytest.approx(6.0)


@settings(max_examples=60, deadline=None)
@given(ahead=st.integers(0, 90), rate=st.integers(1, 30))
def test_the_wait_it_foretells_is_the_wait_that_comes(ahead: int, rate: int) -> None:
    async def main() -> tuple[float, float]:
        limiter = RateLimiter(rate)

        async def instant() -> None:
            (await limiter.acquire()).answered()

        others = [asyncio.create_task(instant()) for _ in range(ahead)]
        await asyncio.sleep(0)
        foretold = limiter.wait_for()
        await limiter.acquire()
        await asyncio.gather(*others)
        return foretold, asyncio.get_running_loop().time()

    foretold, waited = run(main())
    assert foretold == pytest.approx(waited, abs=1.0001)
    assert (foretold == 0) == (waited == 0)


@pytest.mark.parametrize("rate", [0.5, 0.25, 1.0, 30.0])
def test_the_rate_it_tells_is_the_one_it_was_given(rate: float) -> None:
    async def main() -> float:
        return RateLimiter(rate).rate

    assert run(main()) == rate
