"""How long each kind of answer serves, by a clock that is handed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from functions.model import Moment, Row, Status, TaskKey, TaskSnapshot, make_snapshot
from functions.products.lookup.cache import STALE_SECONDS, TaskCache

KEY = TaskKey("cdn", "1")
BEGIN = Moment(wall=1_790_000_000.0, mono=100.0)
FRESH_SECONDS = 5.0


class Clock:
    def __init__(self) -> None:
        self.at = BEGIN

    def now(self) -> Moment:
        return self.at


def snapshot(*states: Status, created: datetime | None = None, first_asked: Moment = BEGIN) -> TaskSnapshot:
    """As checked at the beginning; its rows have not changed for long enough to be final where they are terminal."""
    return make_snapshot(
        KEY,
        tuple(Row("1", "http://a.com/", "file", state, state.value, None, created) for state in states),
        checked=BEGIN,
        unchanged_since=BEGIN.later(-100),
        first_asked=first_asked,
    )


def serves_for(kept: TaskSnapshot, seconds: float, *, freshness: float | None = None) -> bool:
    clock = Clock()
    cache = TaskCache(clock, FRESH_SECONDS)
    cache.put(kept)
    clock.at = BEGIN.later(seconds)
    return cache.fresh(KEY, None if freshness is None else lambda _: freshness) is not None


def lifetime(kept: TaskSnapshot, *, freshness: float | None = None) -> int:
    """Whole seconds for which it serves."""
    longest = int(timedelta(days=4).total_seconds())
    low, high = 0, longest
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if serves_for(kept, middle - 0.5, freshness=freshness) else (low, middle - 1)
    return low


def test_a_moving_task_serves_as_long_as_the_setting_says_or_the_one_who_asks() -> None:
    moving = snapshot(Status.RUNNING)
    assert lifetime(moving) == FRESH_SECONDS
    assert lifetime(moving, freshness=12.0) == 12


def test_a_final_answer_serves_until_the_vendor_forgets_the_task() -> None:
    created = BEGIN.utc - timedelta(days=1)
    assert lifetime(snapshot(Status.COMPLETE, created=created)) == timedelta(days=2).total_seconds()


def test_a_final_answer_without_a_creation_time_counts_from_the_first_question() -> None:
    asked = BEGIN.later(-timedelta(days=2).total_seconds())
    assert lifetime(snapshot(Status.COMPLETE, first_asked=asked)) == timedelta(days=1).total_seconds()


def test_a_final_answer_about_an_old_task_serves_for_an_hour_all_the_same() -> None:
    assert lifetime(snapshot(Status.FAILED, created=datetime(2020, 1, 1, tzinfo=UTC))) == 3_600


def test_a_final_answer_does_not_serve_less_for_who_wants_moving_tasks_fresh() -> None:
    final = snapshot(Status.COMPLETE, created=BEGIN.utc - timedelta(days=1))
    assert lifetime(final, freshness=0.0) == lifetime(final)


def test_an_id_that_may_still_appear_is_asked_for_again_soon_and_any_other_after_a_minute() -> None:
    assert lifetime(snapshot()) == FRESH_SECONDS
    assert lifetime(snapshot(first_asked=BEGIN.later(-3_600))) == 60


@pytest.mark.parametrize(("seconds", "shown"), [(STALE_SECONDS, True), (STALE_SECONDS + 1, False)])
def test_when_the_product_fails_an_answer_is_shown_for_a_minute(seconds: float, shown: bool) -> None:
    clock = Clock()
    cache = TaskCache(clock, FRESH_SECONDS)
    cache.put(snapshot(Status.RUNNING))
    clock.at = BEGIN.later(seconds)
    assert (cache.stale(KEY) is not None) is shown


def test_that_a_task_was_not_found_is_never_shown_as_stale() -> None:
    cache = TaskCache(Clock(), FRESH_SECONDS)
    cache.put(snapshot())
    assert cache.last(KEY) is not None
    assert cache.stale(KEY) is None


def test_after_a_freeze_only_final_answers_are_left() -> None:
    cache = TaskCache(Clock(), FRESH_SECONDS)
    cache.put(snapshot(Status.RUNNING))
    cache.drop_unfinished()
    assert cache.last(KEY) is None
    cache.put(snapshot(Status.COMPLETE))
    cache.drop_unfinished()
    assert cache.last(KEY) is not None


def test_an_id_was_first_asked_for_when_it_was_first_asked_for() -> None:
    clock = Clock()
    cache = TaskCache(clock, FRESH_SECONDS)
    assert cache.first_asked(KEY) == BEGIN
    clock.at = BEGIN.later(30)
    assert cache.first_asked(KEY) == BEGIN
