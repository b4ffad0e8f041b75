"""The sliding window: it never counts less than what happened in it, and what it keeps is bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from functions.model import Moment
from functions.upstream.sliding_window import SlidingWindow

SECONDS = 60.0


class HandClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> Moment:
        return Moment(wall=1e9 + self.seconds, mono=self.seconds)


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 5)), max_size=30))
def test_it_counts_all_of_the_window_and_nothing_that_is_older_than_it_and_a_thousandth(
    steps: list[tuple[float, int]],
) -> None:
    clock = HandClock()
    window = SlidingWindow(SECONDS, clock)
    added: list[tuple[float, int]] = []
    for pause, count in steps:
        clock.seconds += pause
        window.add("a", count)
        added.append((clock.seconds, count))
        ages = [(clock.seconds - at, counted) for at, counted in added]
        at_least = sum(counted for age, counted in ages if age < SECONDS - 0.001)
        at_most = sum(counted for age, counted in ages if age < SECONDS * 1.001 + 0.001)
        assert at_least <= window.used("a") <= at_most
    assert window.used("b") == 0


@given(st.lists(st.integers(1, 5), min_size=1, max_size=10), st.integers(0, 60), st.integers(0, 50))
def test_what_is_given_back_does_not_count_and_when_enough_is_free_is_foretold(
    counts: list[int], back: int, most: int
) -> None:
    clock = HandClock()
    window = SlidingWindow(SECONDS, clock)
    for count in counts:
        window.add("a", count)
        clock.seconds += 1
    window.give_back("a", back)
    assert window.used("a") == max(sum(counts) - back, 0)
    clock.seconds += window.seconds_until("a", most)
    assert window.used("a") <= most


def test_a_key_with_very_many_counts_keeps_a_thousand() -> None:
    clock = HandClock()
    window = SlidingWindow(SECONDS, clock)
    for _ in range(10_000):
        clock.seconds += SECONDS / 10_000
        window.add("a", 1)
    assert len(window._counted["a"]) <= 1_000
    clock.seconds += 2 * SECONDS
    assert window.used("a") == 0
    assert not window._counted
