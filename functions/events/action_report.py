"""Reports on actions: what was submitted a moment ago, and what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from functions.events.change import Action, ChangeRecord
from functions.model import split_account
from functions.tasks.render.report import make_report
from functions.tasks.report import Problem, Task, TaskReport, Undecided


def report_submitted(actions: Sequence[Action]) -> TaskReport:
    """Tasks that nobody has been asked about yet are undecided; actions that were refused are problems."""
    ids = {f"{action.product}:{task_id}": action.product for action in actions for task_id in action.task_ids}
    undecided = tuple(Undecided(id=name, products=(product,)) for name, product in ids.items())
    return make_report(asked=len(undecided), undecided=undecided, problems=rejection_problems(actions), waiting=True)


def with_rejections(report: TaskReport, record: ChangeRecord) -> TaskReport:
    """The report with what was not submitted; and not done while an action still waits for its task."""
    waiting = record.closed_at is None and any(action.needs_task for action in record.actions)
    return make_report(
        asked=report.summary.asked,
        tasks=report.tasks,
        not_found=report.not_found,
        undecided=report.undecided,
        problems=(*report.problems, *rejection_problems(record.actions)),
        waiting=waiting or not report.summary.done,
    )


def rejection_problems(actions: Sequence[Action]) -> tuple[Problem, ...]:
    """One problem per product and reason, of actions that were refused or are to be tried again."""
    problems: dict[tuple[str, str], Problem] = {}
    for action in actions:
        reason = action.refusal or (action.last_rejection if action.needs_task else None)
        if reason:
            account, product = split_account(action.product)
            problem = Problem(
                account=account, product=product, reason=reason, vendor_code=action.vendor_code, request_ids=()
            )
            problems.setdefault((action.product, reason), problem)
    return tuple(problems.values())


def created_at(task: Task) -> datetime:
    """When it was created; `datetime.min` for a task without a creation time."""
    return datetime.fromisoformat(task.created_at) if task.created_at else datetime.min.replace(tzinfo=UTC)
