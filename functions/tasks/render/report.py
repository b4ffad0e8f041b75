"""Makes reports: from the tasks of a lookup, from nothing but ids, or from a part of a stored report."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from functions.model import Status
from functions.tasks.query import Audience, LookupQuery
from functions.tasks.render.fold import fold_progress, fold_status, mean_percent
from functions.tasks.render.task import count_objects, digest_of
from functions.tasks.report import NotFound, Outcome, Problem, Summary, Task, TaskReport, Undecided, product_name


def make_report(  # noqa: PLR0913 -- the members of a report, each by name
    *,
    asked: int,
    tasks: tuple[Task, ...] = (),
    not_found: tuple[NotFound, ...] = (),
    undecided: tuple[Undecided, ...] = (),
    problems: tuple[Problem, ...] = (),
    rejected: tuple[Problem, ...] = (),
    waiting: bool,
    digests: Iterable[bytes] | None = None,
) -> TaskReport:
    """The report with its summary and version. `asked`: how many ids; `waiting`: something else may still come.

    `rejected` are problems too: with any, the outcome is a failure. `digests` are those of `tasks` where they are known
    already.
    """
    counts = Counter(task.status for task in tasks)
    done = not waiting and all(task.done for task in tasks)
    missing = bool(not_found or undecided) or not tasks
    figures = [task.progress for task in tasks if task.progress is not None]
    summary = Summary(
        asked=asked,
        found=asked - len(not_found) - len(undecided),
        not_found=len(not_found),
        undecided=len(undecided),
        **{status.value: counts[status.value] for status in Status},
        progress=mean_percent(figures, finished=counts[Status.COMPLETE.value] == len(tasks)),
        done=done,
        outcome=_outcome(counts, missing=missing, rejected=bool(rejected)) if done else None,
    )
    report = TaskReport(
        tasks=tasks,
        not_found=not_found,
        undecided=undecided,
        problems=(*problems, *rejected),
        summary=summary,
        version="",
    )
    return _with_version(report, map(digest_of, tasks) if digests is None else digests)


def part_of(report: TaskReport, query: LookupQuery) -> TaskReport:
    """What of a stored report answers `query`, whose ids name their products: what is not in it is not found."""
    stored = {task.id: part for task in report.tasks if (part := _visible(task, query.scope.audience, query.objects))}
    missing = (asked for asked in query.ids if str(asked) not in stored)
    return make_report(
        asked=len(query.ids),
        tasks=tuple(stored[str(asked)] for asked in query.ids if str(asked) in stored),
        not_found=tuple(
            NotFound(id=str(asked), products=(asked.product or "",), may_appear=False) for asked in missing
        ),
        waiting=False,
    )


def _visible(task: Task, audience: Audience, limit: int) -> Task | None:
    """What the audience may see of a task, at most `limit` rows of it; None where that is nothing."""
    if not audience.allows(product_name(task)):
        return None
    rows = tuple(row for row in task.objects if audience.shows(row.object_path))
    if not rows:
        return None
    if len(rows) < len(task.objects):
        status = fold_status(rows)
        task = msgspec.structs.replace(
            task,
            status=status.value,
            progress=fold_progress(rows, status),
            object_counts=count_objects(rows),
            objects_omitted=0,
        )
    omitted = task.objects_omitted + len(rows[limit:])
    return msgspec.structs.replace(task, objects=rows[:limit], objects_omitted=omitted)


def _outcome(counts: Mapping[str, int], *, missing: bool, rejected: bool) -> Outcome:
    if rejected or any(counts.get(status.value) for status in Status if status.bad):
        return Outcome.FAILED
    return Outcome.MISSING if missing else Outcome.SUCCEEDED


def _with_version(report: TaskReport, digests: Iterable[bytes]) -> TaskReport:
    """With `version`: a hash of the content that ignores the order of ids, check times and request ids."""
    seen = hashlib.blake2b(digest_size=12)
    for digest in sorted(digests):
        seen.update(digest)
    problems = [msgspec.structs.replace(entry, retry_after=None, request_ids=()) for entry in report.problems]
    not_found = sorted(report.not_found, key=lambda entry: entry.id)
    undecided = sorted(report.undecided, key=lambda entry: entry.id)
    problems.sort(key=lambda entry: (product_name(entry), entry.reason))
    seen.update(msgspec.json.encode((not_found, undecided, problems, report.summary)))
    return msgspec.structs.replace(report, version=seen.hexdigest())
