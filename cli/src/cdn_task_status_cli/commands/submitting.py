"""Handing URLs in: each surely at most once, and again what a product would not take for the moment."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

from cdn_task_status_cli.asking.deadline import Deadline
from cdn_task_status_cli.asking.service import Service
from cdn_task_status_cli.asking.shapes import Rejection, SubmitReport, SubmittedTask
from cdn_task_status_cli.faults import CommandError, Exit, TimeOut, UnknownOutcome

UNKNOWN_OUTCOME = "unknown-outcome"
_FORBIDDEN = frozenset({"denied", "bad-credentials", "not-activated"})
"""Reasons that lie in the service's own account and rights, whatever the URLs are."""


@dataclass(frozen=True)
class Submission:
    """URLs to refresh or to prefetch in one product."""

    action: str
    product: str
    object_type: str
    object_paths: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """As POST /v1/tasks takes it."""
        return {
            "action": self.action,
            "product": self.product,
            "objectType": self.object_type,
            "objectPaths": list(self.object_paths),
        }


def submit(
    service: Service, submission: Submission, key: str, deadline: Deadline, on_trouble: Callable[[str], None]
) -> SubmitReport:
    """Submit until every URL is accepted or refused for good, or the deadline comes.

    `key` is the Idempotency-Key. Raises what `Service.submit` does when nothing at all was accepted.
    """
    tasks: dict[SubmittedTask, None] = {}
    refused: list[Rejection] = []
    waiting: tuple[Rejection, ...] = ()
    for attempt in itertools.count(1):
        try:
            if waiting:
                deadline.pause(max(rejection.retry_after or 0.0 for rejection in waiting))
            report = service.submit(submission.document(), f"{key}-{attempt}")
        except UnknownOutcome as fault:
            on_trouble(str(fault))
            refused.append(Rejection(submission.object_paths, UNKNOWN_OUTCOME))
            break
        except CommandError as fault:
            if not waiting:
                raise
            on_trouble(str(fault))
            refused += waiting
            break
        tasks |= dict.fromkeys(report.tasks)
        waiting = tuple(rejection for rejection in report.rejected if _may_pass(rejection))
        refused += (rejection for rejection in report.rejected if rejection not in waiting)
        if not waiting:
            break
        on_trouble(", ".join(f"{len(each.object_paths)} URLs wait: {each.reason}" for each in waiting))
        submission = replace(submission, object_paths=tuple(path for each in waiting for path in each.object_paths))
    return SubmitReport(tuple(tasks), tuple(refused))


def ids_of(report: SubmitReport) -> tuple[str, ...]:
    """Of the tasks that were made."""
    return tuple(task.id for task in report.tasks)


def _may_pass(rejection: Rejection) -> bool:
    return rejection.retry_after is not None and rejection.reason != UNKNOWN_OUTCOME


def exit_of(rejection: Rejection) -> Exit:
    """What a rejection means to a script."""
    if rejection.reason == UNKNOWN_OUTCOME or rejection.reason in _FORBIDDEN:
        return Exit.CANNOT_ASK
    return TimeOut.exit if _may_pass(rejection) else Exit.FAILED
