"""How far a change's actions have come, read from the report on their tasks, and the outcome in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from functions.errors import RejectReason
from functions.events.change import MISSING, Action, ChangeRecord
from functions.model import Status
from functions.tasks.render.fold import fold_status
from functions.tasks.report import Outcome, Task, TaskReport
from functions.urls import url_key

REFRESH_INCOMPLETE = "refresh-incomplete"
"""The refusal of a preload whose refresh did not work: it would fetch the copy that was to be replaced."""
REJECTED = "rejected"


def with_report(record: ChangeRecord, report: TaskReport) -> ChangeRecord:
    """The record with what `report`, on its tasks and its URLs, says of each action."""
    tasks = {task.id: task for task in report.tasks}
    gone = {entry.id for entry in report.not_found if not entry.may_appear}
    actions = tuple(_with_tasks(action, tasks, gone) for action in record.actions)
    return msgspec.structs.replace(record, actions=actions, report=report)


def refuse_useless_preloads(record: ChangeRecord) -> ChangeRecord:
    """Preloads whose refresh is over without being complete are refused."""
    return record.with_actions(
        tuple(
            msgspec.structs.replace(action, refusal=REFRESH_INCOMPLETE) if _is_useless(record, action) else action
            for action in record.actions
        )
    )


def is_ready(record: ChangeRecord, action: Action) -> bool:
    """Whether tasks are to be found or made for it now: for a preload only when its refreshes are complete."""
    return action.needs_task and all(each.status == Status.COMPLETE for each in record.refreshes_before(action))


def outcome_of(actions: Iterable[Action]) -> str:
    """The worst of what came of actions that are all finished."""
    found = {_outcome(action) for action in actions if action.refusal != REFRESH_INCOMPLETE}
    order = (Outcome.FAILED.value, REJECTED, RejectReason.QUOTA_RESERVED, MISSING)
    return next((word for word in order if word in found), Outcome.SUCCEEDED.value)


def _is_useless(record: ChangeRecord, action: Action) -> bool:
    refreshes = record.refreshes_before(action)
    return action.needs_task and any(each.finished and each.status != Status.COMPLETE for each in refreshes)


def _outcome(action: Action) -> str:
    if action.refusal is not None:
        return RejectReason.QUOTA_RESERVED if action.refusal == RejectReason.QUOTA_RESERVED else REJECTED
    if action.status == MISSING:
        return MISSING
    return Outcome.SUCCEEDED.value if action.status == Status.COMPLETE else Outcome.FAILED.value


def _with_tasks(action: Action, tasks: Mapping[str, Task], gone: set[str]) -> Action:
    if action.finished or not action.task_ids:
        return action
    ids = {f"{action.product}:{task_id}" for task_id in action.task_ids}
    found = [tasks[name] for name in sorted(ids & tasks.keys())]
    if not found:
        return msgspec.structs.replace(action, status=MISSING, done=True) if ids <= gone else action
    key = url_key(action.object_path)
    # One call can make several tasks; once a task shows this URL, the others are about other URLs.
    own = [task for task in found if any(url_key(row.object_path) == key for row in task.objects)]
    if not own:
        done = all(task.done for task in found) and len(found) == len(ids)
        return msgspec.structs.replace(action, status=fold_status(found).value, done=done)
    rows = [row for task in own for row in task.objects if url_key(row.object_path) == key]
    return msgspec.structs.replace(
        action,
        task_ids=tuple(task.task_id for task in own),
        status=fold_status(rows).value,
        done=all(task.done for task in own),
    )
