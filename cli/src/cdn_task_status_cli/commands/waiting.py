"""Following tasks: questions that the service holds until something changes.

They do what its event stream does, and do it on every runtime and through every proxy: built-in runtimes have no
streams, and some proxies keep a stream's bytes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdn_task_status_cli.asking.deadline import Deadline
from cdn_task_status_cli.asking.service import Reply, Service
from cdn_task_status_cli.asking.shapes import BAD_STATES, Report
from cdn_task_status_cli.faults import Exit

HOLD_SECONDS = 25
"""Shorter than the idle time after which common proxies give up, 30 s and more."""
PAUSE_SECONDS = 0.5
"""At least so long between two questions: an instance that is about to end holds none."""
_EXITS = {"succeeded": Exit.SUCCEEDED, "failed": Exit.FAILED, "missing": Exit.MISSING}


def question_of(ids: tuple[str, ...], products: tuple[str, ...]) -> dict[str, object]:
    """The members of a lookup; no products: all that are switched on."""
    return {"taskId": list(ids), **({"product": list(products)} if products else {})}


def reports(service: Service, question: Mapping[str, object], deadline: Deadline) -> Iterator[Reply[Report]]:
    """Every report from now to the one that is done. Raises TimeOut, and what `Service.lookup` raises."""
    reply = service.lookup(question)
    yield reply
    while not reply.value.summary.done:
        deadline.pause(max(reply.retry_after or 0, PAUSE_SECONDS))
        # A second is left for the answer's way.
        hold = min(HOLD_SECONDS, max(int(deadline.remaining()) - 1, 0))
        held = {"wait": hold, "until": "changed", "after": reply.value.version} if hold else {}
        reply = service.lookup({**question, **held}, hold)
        yield reply


def has_failed(report: Report) -> bool:
    """Whether any row failed, timed out or was canceled."""
    return any(task.count(*BAD_STATES) for task in report.tasks)


def exit_of(report: Report) -> Exit:
    """What a report means to a script; what is not over yet is a time out."""
    return _EXITS.get(report.summary.outcome or "", Exit.TIME_OUT)
