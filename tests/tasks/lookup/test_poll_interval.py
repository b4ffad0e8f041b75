"""How soon it is worth asking again, from the rows and the clocks alone."""

from __future__ import annotations

import pytest

from functions.model import Moment, Row, Status, TaskKey, make_snapshot
from functions.tasks.lookup.poll_interval import POLL_TOGETHER_SECONDS, SOON_SECONDS, seconds_to_next_look

NOW = Moment(wall=1_790_000_000.0, mono=10_000.0)


def looked_at(
    *rows: tuple[Status, float | None], known: float = 300.0, unchanged: float = 300.0, primed: bool = True
) -> float:
    """Seconds to the next look at a task of these rows: known and unchanged for so many seconds."""
    snapshot = make_snapshot(
        TaskKey("cdn", "1"),
        tuple(Row("1", f"http://a.com/{at}", "file", *row) for at, row in enumerate(named(rows))),
        checked=NOW,
        unchanged_since=NOW.later(-unchanged),
        first_asked=NOW.later(-known),
        primed=primed,
    )
    return seconds_to_next_look(snapshot, NOW)


def named(rows: tuple[tuple[Status, float | None], ...]) -> list[tuple[Status, str, float | None]]:
    return [(status, status.value, progress) for status, progress in rows]


MOVING = (Status.RUNNING, 10.0)


def test_a_moving_task_is_looked_at_every_three_seconds_and_every_ten_once_nothing_moved_for_ten_minutes() -> None:
    assert looked_at(MOVING) == 3.0
    assert looked_at(MOVING, unchanged=599) == 3.0
    assert looked_at(MOVING, unchanged=600) == 10.0


@pytest.mark.parametrize(("known", "seconds"), [(29.0, SOON_SECONDS), (30.0, 3.0)])
def test_a_new_task_is_looked_at_every_second_at_first(known: float, seconds: float) -> None:
    assert looked_at(MOVING, known=known) == seconds


def test_after_a_first_look_which_may_be_old_a_second_one_follows_soon() -> None:
    assert looked_at(MOVING, primed=False) == SOON_SECONDS


@pytest.mark.parametrize(("progress", "seconds"), [(90.0, SOON_SECONDS), (89.9, 3.0), (None, 3.0)])
def test_near_the_end_it_is_looked_at_more_often(progress: float | None, seconds: float) -> None:
    assert looked_at((Status.RUNNING, progress)) == seconds


def test_near_the_end_are_tasks_whose_other_rows_are_over_whatever_progress_those_tell() -> None:
    assert looked_at((Status.RUNNING, 95.0), (Status.FAILED, None)) == SOON_SECONDS
    assert looked_at((Status.RUNNING, 95.0), (Status.RUNNING, 10.0)) == 3.0


def test_an_id_that_may_still_appear_is_looked_for_every_second() -> None:
    assert looked_at(known=300.0) == SOON_SECONDS


def test_what_is_over_is_looked_at_again_when_it_can_be_final() -> None:
    assert looked_at((Status.COMPLETE, 100.0), unchanged=1.0) == 4.0
    assert looked_at((Status.COMPLETE, 100.0), unchanged=4.9) == SOON_SECONDS


def test_who_is_due_a_little_later_is_asked_in_the_same_call() -> None:
    assert POLL_TOGETHER_SECONDS < SOON_SECONDS / 2
