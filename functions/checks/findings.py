"""Says why the edge serves what it serves: first by the two answers, then by what was refreshed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from http import HTTPStatus

import msgspec

from functions.checks.comparison import Comparison, compared, forbids_storing, http_time, was_hit
from functions.checks.exchange import Answer
from functions.checks.report import CheckedTask, Finding
from functions.model import Status
from functions.products.listing.coverage import Coverage
from functions.tasks.report import Task
from functions.urls import url_key

GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
HEAD_REFUSED = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
IGNORES_PARAMETERS = "ignoreparams"


class Verdict(msgspec.Struct, frozen=True):
    """Whether it is fresh, and why; `finding` is None where the tasks have to tell."""

    fresh: bool | None
    finding: Finding | None
    differs: tuple[str, ...] = ()


def by_answers(edge: Answer, origin: Answer) -> Verdict:
    """What the two answers tell."""
    if not _is_comparable(origin):
        return Verdict(None, Finding.ORIGIN_UNAVAILABLE)
    if not _is_comparable(edge):
        return Verdict(None, Finding.EDGE_UNAVAILABLE)
    if {edge.status, origin.status} <= GONE:
        return Verdict(fresh=True, finding=Finding.ORIGIN_NOT_FOUND)
    if {edge.status, origin.status} & GONE:
        return Verdict(fresh=False, finding=None)
    return _by_content(edge, origin)


def _by_content(edge: Answer, origin: Answer) -> Verdict:
    # Where one side alone redirects, a rule of the domain's does: from http to https, say.
    comparison = compared(edge, origin) if edge.status == origin.status else Comparison(None)
    if forbids_storing(origin) and not was_hit(edge):
        # Two answers that were both made anew may differ.
        return Verdict(comparison.same or None, Finding.ORIGIN_NO_STORE, comparison.differs)
    findings = {True: Finding.FRESH, False: None, None: Finding.UNDECIDABLE}
    return Verdict(comparison.same, findings[comparison.same], comparison.differs)


def needs_bodies(edge: Answer, origin: Answer) -> bool:
    """Whether the answers to HEAD leave open what those to GET may tell."""
    statuses = {edge.status, origin.status}
    if statuses & HEAD_REFUSED:
        return True
    return statuses == {HTTPStatus.OK} and not compared(edge, origin).same


def _is_comparable(answer: Answer) -> bool:
    return answer.fault is None and (answer.status in GONE or HTTPStatus.OK <= answer.status < HTTPStatus.BAD_REQUEST)


def by_task(task: CheckedTask, origin: Answer) -> Finding:
    """What the newest refresh that covers the URL tells of an edge that serves something else."""
    status = Status(task.status)
    if status.bad:
        return Finding.TASK_FAILED
    if not status.terminal:
        return Finding.TASK_RUNNING
    changed = http_time(origin.headers.get("last-modified"))
    if changed and task.created_at and datetime.fromisoformat(task.created_at) < changed:
        return Finding.TASK_OLDER_THAN_CHANGE
    return Finding.STALE_AT_EDGE


def spellings(url: str) -> tuple[str, ...]:
    """What to look for: the URL, and what is easily taken for it: without its query, or with the last slash or not."""
    plain = without_query(url)
    return (url, plain if plain != url else url.removesuffix("/") if url.endswith("/") else f"{url}/")


def without_query(url: str) -> str:
    """The URL as a refresh that ignores parameters names it."""
    return url.partition("?")[0]


def covering(url: str, tasks: Iterable[Task]) -> CheckedTask | None:
    """The first of the tasks with a row that covers the URL, as that row."""
    coverage, plain = Coverage((url,)), Coverage((without_query(url),))
    for task in tasks:
        for row in task.objects:
            ignores = task.object_type == IGNORES_PARAMETERS
            match = (plain if ignores else coverage).match(row.object_path, task.object_type)
            if match is not None:
                return _checked(task, row.object_path, row.status, match.value)
    return None


def other_spelling(url: str, tasks: Sequence[Task]) -> CheckedTask | None:
    """The first of the tasks that is about the same path with another scheme, query, or slash at the end."""
    wanted = _loose(url)
    rows = ((task, row) for task in tasks for row in task.objects)
    return next(
        (_checked(task, row.object_path, row.status) for task, row in rows if _loose(row.object_path) == wanted), None
    )


def _loose(url: str) -> str:
    return without_query(url_key(url)).rpartition("://")[2].rstrip("/")


def _checked(task: Task, object_path: str, status: str, match: str | None = None) -> CheckedTask:
    return CheckedTask(
        id=task.id,
        action=task.action,
        object_type=task.object_type,
        object_path=object_path,
        status=status,
        created_at=task.created_at,
        match=match,
    )
