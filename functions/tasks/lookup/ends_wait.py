"""What ends a wait early (docs/contract.md, `until`)."""

from __future__ import annotations

from functions.tasks.query import LookupQuery, Until
from functions.tasks.report import TaskReport


def ends_wait(query: LookupQuery, report: TaskReport) -> bool:
    """Whether a wait for `query.until` is over with this report."""
    if report.summary.done:
        return True
    if query.until is Until.CHANGED:
        return report.version != query.after
    return query.until is Until.FAILED and (bool(query.rejected) or has_failed_row(report))


def has_failed_row(report: TaskReport) -> bool:
    """Whether any row of any task failed, timed out or was canceled; counts include rows that are not shown."""
    return any(
        task.object_counts.failed or task.object_counts.timeout or task.object_counts.canceled for task in report.tasks
    )
