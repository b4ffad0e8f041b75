"""`wait` and `submit`: tasks that others made or that are made now, to their end."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cdn_task_status_cli import given
from cdn_task_status_cli.arguments import PROGRAM
from cdn_task_status_cli.asking.reading import written
from cdn_task_status_cli.asking.service import Reply
from cdn_task_status_cli.asking.shapes import Report, SubmitReport
from cdn_task_status_cli.commands import submitting
from cdn_task_status_cli.commands.job import Job
from cdn_task_status_cli.commands.waiting import exit_of, has_failed, question_of, reports
from cdn_task_status_cli.faults import Exit, TimeOut, UsageError
from cdn_task_status_cli.showing.text import printable, rejection_lines, report_lines

_WORST_FIRST = (Exit.CANNOT_ASK, Exit.FAILED, Exit.MISSING, Exit.TIME_OUT)


@dataclass(frozen=True)
class _Followed:
    """The last report that came, and the time out if that ended it."""

    reply: Reply[Report]
    late: TimeOut | None = None

    @property
    def exit(self) -> Exit:
        """A failure that is seen is one, whether or not all is over."""
        if self.reply.value.summary.outcome is None and self.late is None and has_failed(self.reply.value):
            return Exit.FAILED
        return exit_of(self.reply.value)


def run_wait(job: Job) -> Exit:
    """Wait for ids, or submit URLs and wait for their tasks. Raises CommandError."""
    if job.arguments.submit:
        return _submit_and_wait(job)
    ids = given.ids_of(job.words)
    with job.progress:
        followed = _followed(job, ids, job.products)
    return _told(job, followed, SubmitReport())


def run_submit(job: Job) -> Exit:
    """Submit URLs; wait only if asked to. Raises CommandError."""
    if job.arguments.wait:
        return _submit_and_wait(job)
    submission = _submission(job)
    with job.progress:
        submitted = _submitted(job, submission)
    job.tell(submitting.ids_of(submitted), _document_of(submitted))
    return _concluded(job, submission, submitted)


def _submit_and_wait(job: Job) -> Exit:
    submission = _submission(job)
    followed = None
    with job.progress:
        submitted = _submitted(job, submission)
        if ids := submitting.ids_of(submitted):
            job.progress.note(f"submitted: {' '.join(ids)}")
            followed = _followed(job, ids, ())
    if followed is None:
        job.tell((), _document_of(submitted))
        return _concluded(job, submission, submitted)
    exit_code = _told(job, followed, submitted)
    return _worst((exit_code, _concluded(job, submission, submitted)))


def _submission(job: Job) -> submitting.Submission:
    action, object_type = job.arguments.submit or "", job.arguments.object_type or "file"
    products = job.products or ("cdn",)
    if len(products) > 1:
        raise UsageError("URLs are submitted to one product at a time")
    if action == "preload" and object_type != "file":
        raise UsageError("only files can be prefetched: --object-type is for a refresh")
    return submitting.Submission(action, products[0], object_type, tuple(dict.fromkeys(job.words)))


def _submitted(job: Job, submission: submitting.Submission) -> SubmitReport:
    key = job.arguments.idempotency_key or uuid.uuid4().hex
    return submitting.submit(job.service, submission, key, job.deadline, job.progress.trouble)


def _followed(job: Job, ids: tuple[str, ...], products: tuple[str, ...]) -> _Followed:
    """Raises TimeOut only when no report came at all."""
    reply: Reply[Report] | None = None
    try:
        for reply in reports(job.service, question_of(ids, products), job.deadline):
            job.progress.show(reply.value)
            if job.arguments.fail_fast and has_failed(reply.value):
                break
    except TimeOut as fault:
        if reply is None:
            raise
        return _Followed(reply, fault)
    if reply is None:
        raise AssertionError("there is a report, or an error")
    return _Followed(reply)


def _told(job: Job, followed: _Followed, submitted: SubmitReport) -> Exit:
    rejected = {"rejected": written(submitted.rejected)} if submitted.rejected else {}
    job.tell(report_lines(followed.reply.value), {**followed.reply.document, **rejected})
    if followed.late:
        job.complain((str(followed.late),))
    return followed.exit


def _concluded(job: Job, submission: submitting.Submission, submitted: SubmitReport) -> Exit:
    """Says what was not submitted, and what to do where nobody knows."""
    job.complain(rejection_lines(submitted.rejected))
    if any(rejection.reason == submitting.UNKNOWN_OUTCOME for rejection in submitted.rejected):
        job.complain(_what_to_do(submission))
    return _worst(map(submitting.exit_of, submitted.rejected))


def _what_to_do(submission: submitting.Submission) -> tuple[str, str]:
    url = submission.object_paths[0].replace("'", r"'\''")
    look = f"{PROGRAM} list --product {submission.product} --action {submission.action} --since 1h --url '{url}'"
    return (
        "nobody knows whether they were submitted, because no answer came. Before submitting them again, look:",
        printable(f"  {look}"),
    )


def _document_of(submitted: SubmitReport) -> Mapping[str, object]:
    return {"tasks": written(submitted.tasks), "rejected": written(submitted.rejected)}


def _worst(exits: Iterable[Exit]) -> Exit:
    met = set(exits)
    return next((each for each in _WORST_FIRST if each in met), Exit.SUCCEEDED)
