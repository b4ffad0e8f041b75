"""Reports are encoded as msgspec would, and compared by content, though work on a task is shared."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.api.encoding import Comparison, ReportEncoder
from functions.tasks.report import Task, TaskReport
from tests.support.http_stub_service import report, task

TASKS = st.lists(
    st.builds(
        lambda number, status, checked, progress: replace(
            task(), id=f"cdn:{number}", status=status, checked_at=checked, progress=progress
        ),
        st.integers(0, 3),
        st.sampled_from(["running", 'a "tasks":[] word', "中文", ""]),
        st.text(max_size=3),
        st.sampled_from([None, 0.0, 99.5]),
    ),
    max_size=4,
    unique_by=lambda each: each.id,
).map(tuple)


def report_on(tasks: tuple[Task, ...]) -> TaskReport:
    return replace(report(), tasks=tasks)


@given(st.lists(TASKS, max_size=5))
def test_a_report_is_encoded_as_it_would_be_by_itself(all_tasks: list[tuple[Task, ...]]) -> None:
    encoder = ReportEncoder()
    for tasks in all_tasks:
        for order in (tasks, tasks[::-1]):
            plain = msgspec.json.encode(report_on(order))
            assert encoder.encode(report_on(order)) == plain
            assert encoder.encode(report_on(order), before=b"<", after=b">") == b"<" + plain + b">"


@given(TASKS, TASKS)
def test_what_changed_is_what_differs_in_more_than_the_time_of_checking(
    before: tuple[Task, ...], after: tuple[Task, ...]
) -> None:
    comparison = Comparison()
    known = {each.id: replace(each, checked_at="") for each in before}
    for order in (after, after[::-1]):
        expected = tuple(each for each in order if known.get(each.id) != replace(each, checked_at=""))
        assert comparison.changed(before, order) == comparison.changed(before[::-1], order) == expected


def test_a_task_of_many_reports_is_encoded_once_and_what_is_kept_is_bounded() -> None:
    encoder, tasks = ReportEncoder(), tuple(replace(task(), id=f"cdn:{number}") for number in range(100))
    for _ in range(3):
        encoder.encode(report_on(tasks))
        encoder.encode(report_on(tasks[::-1]))
    assert len(encoder._encoded) == len(tasks)
    large = tuple(replace(task(), id="x" * 1_000_000) for _ in range(20))
    encoder.encode(report_on(large))
    assert len(encoder._encoded) <= 10
