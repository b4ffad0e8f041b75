"""How far an object's errands have come, read from the report on their tasks, and what came of them in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from functions.events.change import MISSING, Action, ChangeRecord
from functions.events.submit.submitter import QUOTA_RESERVED
from functions.model import Row, Status
from functions.tasks.render.fold import fold_status
from functions.tasks.report import Outcome, Task, TaskReport

REFRESH_INCOMPLETE = "refresh-incomplete"
"""The refusal of a preload whose refresh did not work: it would fetch the copy that was to be replaced."""
REJECTED = "rejected"


def looked_at(record: ChangeRecord, report: TaskReport) -> ChangeRecord:
    """The record with what `report`, on its tasks and its URLs, says of each errand."""
    tasks = {task.id: task for task in report.tasks}
    gone = {entry.id for entry in report.not_found if not entry.may_appear}
    errands = tuple(_seen(errand, tasks, gone) for errand in record.errands)
    return msgspec.structs.replace(record, errands=errands, report=report)


def unblocked(record: ChangeRecord) -> ChangeRecord:
    """Preloads whose refresh is over without being complete are refused."""
    return record.with_errands(
        tuple(
            msgspec.structs.replace(errand, refusal=REFRESH_INCOMPLETE) if _in_vain(record, errand) else errand
            for errand in record.errands
        )
    )


def ready(record: ChangeRecord, errand: Action) -> bool:
    """Whether an errand that waits may be submitted: a preload only when every refresh it follows is complete."""
    return errand.waiting and all(each.status == Status.COMPLETE for each in _refreshes_before(record, errand))


def is_first(record: ChangeRecord, errand: Action) -> bool:
    """Whether it is submitted with the event itself, under the claim on the change."""
    return not _refreshes_before(record, errand)


def outcome_of(errands: Iterable[Action]) -> str:
    """What came of errands that are all over; the worst of it."""
    found = {_outcome(errand) for errand in errands if errand.refusal != REFRESH_INCOMPLETE}
    order = (Outcome.FAILED.value, REJECTED, QUOTA_RESERVED, MISSING)
    return next((word for word in order if word in found), Outcome.SUCCEEDED.value)


def _refreshes_before(record: ChangeRecord, errand: Action) -> list[Action]:
    if errand.action != "preload":
        return []
    return [each for each in record.errands if each.action == "refresh" and each.product == errand.product]


def _in_vain(record: ChangeRecord, errand: Action) -> bool:
    refreshes = _refreshes_before(record, errand)
    return errand.waiting and any(each.over and each.status != Status.COMPLETE for each in refreshes)


def _outcome(errand: Action) -> str:
    if errand.refusal is not None:
        return QUOTA_RESERVED if errand.refusal == QUOTA_RESERVED else REJECTED
    if errand.status == MISSING:
        return MISSING
    return Outcome.SUCCEEDED.value if errand.status == Status.COMPLETE else Outcome.FAILED.value


def _seen(errand: Action, tasks: Mapping[str, Task], gone: set[str]) -> Action:
    if errand.over or not errand.task_ids:
        return errand
    names = {task_id: f"{errand.product}:{task_id}" for task_id in errand.task_ids}
    found = [tasks[name] for name in names.values() if name in tasks]
    if not found:
        lost = gone.issuperset(names.values())
        return msgspec.structs.replace(errand, status=MISSING, done=True) if lost else errand
    # One call can make several tasks; once a task shows this URL, the others are other URLs'.
    own = [task for task in found if _shows(task, errand.object_path)] or found
    kept = tuple(task.task_id for task in own) if own is not found else errand.task_ids
    done = all(task.done for task in own) and (own is not found or len(found) == len(names))
    return msgspec.structs.replace(errand, task_ids=kept, status=_status(own, errand), done=done)


def _status(tasks: list[Task], errand: Action) -> str:
    """Of the URL's own rows; of whole tasks where the vendor writes the URL in another way."""
    words = [row.status for task in tasks for row in task.objects if row.object_path == errand.object_path]
    states = [Status(word) for word in words or (task.status for task in tasks)]
    rows = (
        Row(
            task_id="",
            object_path=errand.object_path,
            object_type=errand.object_type,
            status=state,
            raw_status=state,
        )
        for state in states
    )
    return fold_status(rows).value


def _shows(task: Task, object_path: str) -> bool:
    return any(row.object_path == object_path for row in task.objects)
