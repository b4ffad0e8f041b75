"""Folding rows into one state and one figure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.model import Row, Status
from functions.tasks.render.fold import fold_progress, fold_status, mean_percent, tidy

P, R, C, F, T, X, U = (
    Status.PENDING,
    Status.RUNNING,
    Status.COMPLETE,
    Status.FAILED,
    Status.TIMEOUT,
    Status.CANCELED,
    Status.UNKNOWN,
)
STATUSES = st.lists(st.sampled_from(list(Status)), min_size=1, max_size=12)


def rows(*states: Status | tuple[Status, float | None]) -> tuple[Row, ...]:
    pairs = [state if isinstance(state, tuple) else (state, None) for state in states]
    return tuple(Row("1", "http://example.com/", "file", status, status.value, figure) for status, figure in pairs)


@pytest.mark.parametrize(
    ("states", "folded"),
    [
        ([C], C),
        ([P], P),
        ([P, P], P),
        ([P, C], R),
        ([P, U], R),
        ([R, U, F], R),
        ([U, C], U),
        ([U, F], U),
        ([C, F, T, X], F),
        ([C, T, X], T),
        ([C, X], X),
    ],
)
def test_the_first_rule_that_fits_decides(states: list[Status], folded: Status) -> None:
    assert fold_status(rows(*states)) is folded


@given(STATUSES)
def test_any_mix_of_rows_folds_and_their_order_does_not_matter(states: list[Status]) -> None:
    assert fold_status(rows(*states)) is fold_status(rows(*reversed(states)))


@given(STATUSES)
def test_complete_means_that_every_row_is_complete(states: list[Status]) -> None:
    assert (fold_status(rows(*states)) is C) == (set(states) == {C})


def test_the_contract_s_example_folds_to_its_figure() -> None:
    example = rows((F, 25.0), (C, 100.0), (R, 99.05))
    assert fold_progress(example, fold_status(example)) == 74.68


@pytest.mark.parametrize(
    ("states", "figure"),
    [
        ([(C, 10.0)], 100),
        ([(P, None)], 0),
        ([(P, 30.0)], 30),
        ([(R, None)], None),
        ([(U, None), (R, None)], None),
        ([(R, None), (C, None)], 99.99),
        ([(X, 100.0)], 99.99),
        ([(R, 1.999)], 1.99),
        ([(R, 74.68)], 74.68),
        ([(R, 33.333333)], 33.33),
    ],
)
def test_progress_counts_what_is_known_and_is_cut_not_rounded(
    states: list[tuple[Status, float | None]], figure: float | None
) -> None:
    folded = rows(*states)
    assert fold_progress(folded, fold_status(folded)) == figure


@given(st.lists(st.tuples(st.sampled_from(list(Status)), st.none() | st.floats(0, 100)), min_size=1, max_size=20))
def test_progress_stays_within_0_and_100_and_is_100_exactly_when_complete(
    states: list[tuple[Status, float | None]],
) -> None:
    folded = rows(*states)
    status = fold_status(folded)
    figure = fold_progress(folded, status)
    assert figure is None or 0 <= figure <= 100
    assert (figure == 100) == (status is C)


@pytest.mark.parametrize(("figure", "shown"), [(100.0, "100"), (0, "0"), (99.5, "99.5"), (25, "25")])
def test_whole_figures_have_no_decimal_point(figure: float, shown: str) -> None:
    assert str(tidy(figure)) == shown


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30))
def test_the_mean_is_never_rounded_up(figures: list[float]) -> None:
    mean = mean_percent(figures, finished=True)
    assert mean is not None
    assert mean <= sum(figures) / len(figures) + 1e-6
