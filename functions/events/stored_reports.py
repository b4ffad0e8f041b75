"""Reports on an object's tasks that need no vendor: on what was just handed in, and on what a document has kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from functions.events.change import Action, ChangeRecord
from functions.model import SECOND_LOOK_SECONDS, Moment, Row, Status, TaskKey, TaskSnapshot, make_snapshot
from functions.products.lookup.loader import LookupResult
from functions.tasks.lookup.assemble import assemble
from functions.tasks.query import LookupQuery, RequestedId
from functions.tasks.render.task import Renderer
from functions.tasks.report import Problem, Summary, Task, TaskReport, Undecided


def handed_in(errands: Iterable[Action]) -> TaskReport:
    """Tasks that nobody has been asked about yet are undecided, and errands that were refused are problems."""
    told = tuple(errands)
    ids = {f"{errand.product}:{task_id}": errand.product for errand in told for task_id in errand.task_ids}
    undecided = tuple(Undecided(id=name, products=(product,)) for name, product in ids.items())
    summary = Summary(
        asked=len(ids),
        found=0,
        not_found=0,
        undecided=len(ids),
        pending=0,
        running=0,
        complete=0,
        failed=0,
        timeout=0,
        canceled=0,
        unknown=0,
        progress=None,
        done=False,
        outcome=None,
    )
    problems = refusals_of(told)
    return TaskReport(tasks=(), not_found=(), undecided=undecided, problems=problems, summary=summary, version="")


def refusals_of(errands: Iterable[Action]) -> tuple[Problem, ...]:
    """One problem per product and refusal."""
    refused = dict.fromkeys((errand.product, errand.refusal) for errand in errands if errand.refusal)
    return tuple(Problem(product=product, reason=reason, request_ids=()) for product, reason in refused if reason)


def as_kept(record: ChangeRecord, query: LookupQuery, now: Moment) -> TaskReport:
    """The report in a document, told as it was when it was looked at, within the asker's scope and size."""
    kept = {TaskKey(task.product, task.task_id): task for task in (record.report.tasks if record.report else ())}
    plan: Mapping[RequestedId, tuple[str, ...]] = {
        asked: (asked.product,) for asked in query.ids if asked.product is not None
    }
    findings = {
        key: LookupResult(snapshot=_sighting(key, kept.get(key), now))
        for key in (asked.key_in(product) for asked, (product,) in plan.items())
    }
    return assemble(query, findings, plan, now, Renderer())


def _sighting(key: TaskKey, task: Task | None, now: Moment) -> TaskSnapshot:
    if task is None:
        long_ago = Moment(wall=0.0, mono=now.mono - now.wall)
        return make_snapshot(key, (), checked=now, unchanged_since=long_ago, first_asked=long_ago)
    # Only the wall clock was kept; on the monotonic one it was as long ago.
    wall = datetime.fromisoformat(task.checked_at).timestamp()
    checked = Moment(wall=wall, mono=now.mono - (now.wall - wall))
    # A task that was done had settled then.
    since = checked.later(-SECOND_LOOK_SECONDS) if task.done else checked
    return make_snapshot(key, _rows(task), checked=checked, unchanged_since=since, first_asked=since)


def _rows(task: Task) -> tuple[Row, ...]:
    created = datetime.fromisoformat(task.created_at) if task.created_at else None
    return tuple(
        Row(
            task_id=task.task_id,
            object_path=row.object_path,
            object_type=task.object_type,
            status=Status(row.status),
            raw_status=row.raw_status,
            progress=row.progress,
            created_at=created,
            description=row.error.message if row.error else None,
            failure=row.error.reason if row.error else None,
        )
        for row in task.objects
    )


def with_refusals(report: TaskReport, record: ChangeRecord) -> TaskReport:
    """The report with what was not submitted; and not done while an errand still waits for its task."""
    problems = (*report.problems, *refusals_of(record.errands))
    summary = report.summary
    if record.closed_at is None and any(not errand.over for errand in record.errands if not errand.task_ids):
        summary = msgspec.structs.replace(summary, done=False, outcome=None)
    return msgspec.structs.replace(report, problems=problems, summary=summary)
