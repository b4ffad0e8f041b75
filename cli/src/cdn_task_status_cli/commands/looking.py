"""`status`, `list` and `quota`: one look."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from cdn_task_status_cli import given
from cdn_task_status_cli.asking.shapes import Problem, Task
from cdn_task_status_cli.commands.job import Job
from cdn_task_status_cli.commands.waiting import exit_of, question_of
from cdn_task_status_cli.faults import Exit, UsageError
from cdn_task_status_cli.showing.text import printable, problem_lines, quota_lines, report_lines, task_table

_PAGE_TASKS = 100


def run_status(job: Job) -> Exit:
    """How tasks are now. Raises CommandError."""
    reply = job.service.lookup(question_of(given.ids_of(job.words), job.products))
    job.tell(report_lines(reply.value), reply.document)
    return exit_of(reply.value)


def run_list(job: Job) -> Exit:
    """Tasks by filters, page after page up to the limit. Raises CommandError."""
    question = _filters(job)
    tasks: list[Task] = []
    documents: list[object] = []
    while True:
        size = min(job.arguments.limit - len(tasks), _PAGE_TASKS)
        reply = job.service.page({**question, "pageSize": size})
        tasks += reply.value.tasks
        documents += reply.document["tasks"]
        question["pageToken"] = reply.value.next_page_token
        # Behind a product that could not be asked the order of the others' tasks is not known.
        if reply.value.next_page_token is None or reply.value.problems or len(tasks) >= job.arguments.limit:
            break
    other = reply.value.other_scheme
    job.tell(
        task_table(tasks),
        {"tasks": documents, "problems": reply.document["problems"], **({"otherScheme": other} if other else {})},
    )
    if other:
        job.complain((printable(f"{job.arguments.url} has no tasks, but {other} has"),))
    return _asked_all(job, reply.value.problems)


def run_quota(job: Job) -> Exit:
    """What is left of today's quotas. Raises CommandError."""
    reply = job.service.quotas(job.accounts)
    job.tell(quota_lines(reply.value), reply.document)
    return _asked_all(job, reply.value.problems)


def _filters(job: Job) -> dict[str, object]:
    """The members of a list's question; those not given are left out. Raises UsageError."""
    arguments, now = job.arguments, datetime.now(UTC)
    if arguments.limit < 1:
        raise UsageError("--limit: it must be at least 1")
    filters = {
        "product": list(job.products),
        "account": list(job.accounts),
        "status": list(given.choices_of(arguments.status)),
        "objectType": list(given.choices_of([arguments.object_type or ""])),
        "objectPath": [arguments.url] if arguments.url else [],
        "action": arguments.action,
        "domainName": arguments.domain,
        "startTime": given.instant_of(arguments.since, now) if arguments.since else None,
        "endTime": given.instant_of(arguments.before, now) if arguments.before else None,
    }
    return {name: value for name, value in filters.items() if value}


def _asked_all(job: Job, problems: Iterable[Problem]) -> Exit:
    """An answer without a product's part must not look whole to a script."""
    lines = tuple(problem_lines(problems))
    job.complain(lines)
    return Exit.CANNOT_ASK if lines else Exit.SUCCEEDED
