"""Reports made of what is there already."""

from __future__ import annotations

import msgspec
import pytest

from functions.tasks.query import LookupQuery, RequestedId, Scope
from functions.tasks.render.report import make_report, part_of
from functions.tasks.report import TaskReport
from tests.support.samples import stored_sample

STORED = msgspec.convert(msgspec.json.decode(stored_sample("0.1.0-closed"))["report"], TaskReport)
IDS = (RequestedId("40000000001", "cdn"), RequestedId("40000000002", "cdn"))
QUERY = LookupQuery(ids=IDS, products=("cdn",))


def with_rows(*rows: tuple[str, str]) -> TaskReport:
    """The stored report with these rows (host and status) in its first task."""
    (first, second), (row,) = STORED.tasks, STORED.tasks[0].objects
    objects = tuple(
        msgspec.structs.replace(row, object_path=f"http://{host}/a", status=status, progress=None)
        for host, status in rows
    )
    task = msgspec.structs.replace(first, objects=objects, status="failed", progress=None)
    return make_report(asked=2, tasks=(task, second), waiting=False)


def seen_by(*domains: str) -> LookupQuery:
    return msgspec.structs.replace(QUERY, scope=Scope(domains=frozenset(domains)))


def test_all_of_a_stored_report_is_the_stored_report() -> None:
    whole = make_report(asked=2, tasks=STORED.tasks, waiting=False)
    assert part_of(STORED, QUERY) == whole
    assert (whole.tasks, whole.summary) == (STORED.tasks, STORED.summary)


def test_ids_that_are_not_in_it_are_not_found() -> None:
    query = msgspec.structs.replace(QUERY, ids=(IDS[0], RequestedId("7", "cdn")))
    report = part_of(STORED, query)
    assert [entry.id for entry in report.not_found] == ["cdn:7"]
    assert (report.summary.asked, report.summary.found, report.summary.outcome) == (2, 1, "missing")


def test_a_task_is_folded_from_the_rows_that_may_be_seen() -> None:
    report = part_of(with_rows(("mine.example", "complete"), ("theirs.example", "failed")), seen_by("mine.example"))
    (task,) = report.tasks
    assert (task.status, task.progress, task.object_counts.total, task.object_counts.complete) == (
        "complete",
        100,
        1,
        1,
    )
    assert [entry.id for entry in report.not_found] == ["cdn:40000000002"]


def test_a_task_of_which_nothing_may_be_seen_is_not_found() -> None:
    report = part_of(STORED, seen_by("other.example"))
    assert (report.tasks, len(report.not_found)) == ((), 2)
    products = msgspec.structs.replace(QUERY, scope=Scope(products=frozenset({"vod"})))
    assert part_of(STORED, products).tasks == ()


@pytest.mark.parametrize(("limit", "shown", "omitted"), [(0, 0, 3), (2, 2, 1), (9, 3, 0)])
def test_rows_beyond_the_limit_are_omitted(limit: int, shown: int, omitted: int) -> None:
    stored = with_rows(*[("h.example", "complete")] * 3)
    task = part_of(stored, msgspec.structs.replace(QUERY, objects=limit)).tasks[0]
    assert (len(task.objects), task.objects_omitted) == (shown, omitted)


def test_a_report_that_waits_for_something_has_no_outcome() -> None:
    assert make_report(asked=0, waiting=True).summary.outcome is None
    assert make_report(asked=0, waiting=False).summary.outcome == "missing"


def test_the_order_of_tasks_does_not_change_the_version() -> None:
    ordered = make_report(asked=2, tasks=STORED.tasks, waiting=False)
    turned = make_report(asked=2, tasks=STORED.tasks[::-1], waiting=False)
    assert ordered.version == turned.version != STORED.version
