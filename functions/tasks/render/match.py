"""Says of tasks found by a URL how they concern it (docs/contract.md 4)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from functions.products.listing.coverage import Coverage, Match
from functions.tasks.report import Task, TaskObject, TaskReport


def with_match(task: Task, match: Match | None, coverage: Coverage) -> Task:
    """The task with its match, the closest of all its rows, and with that of each row shown."""

    def with_own(row: TaskObject) -> TaskObject:
        own = coverage.match(row.object_path, task.object_type)
        return row if own is None else replace(row, match=own.value)

    return replace(task, match=match and match.value, objects=tuple(map(with_own, task.objects)))


def with_matches(report: TaskReport, matches: Mapping[str, Match], coverage: Coverage) -> TaskReport:
    """The report with the match of each task, by TaskId."""
    return replace(report, tasks=tuple(with_match(task, matches.get(task.task_id), coverage) for task in report.tasks))
