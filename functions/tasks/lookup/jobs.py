"""A job as a lookup: of the tasks that it made, with what could not be submitted as problems."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from functions.model import split_account
from functions.products.jobs import Job, JobRejection
from functions.tasks.query import LookupQuery, RequestedId
from functions.tasks.report import Problem


def job_lookup(product: str, job: Job, query: LookupQuery) -> LookupQuery | None:
    """The lookup of what the caller may see of a job; None where that is nothing: then it looks like no job at all.

    Callers with `domains` see the tasks of their URLs. What was not submitted has no URL, so it is hidden from them.
    """
    audience = query.scope.audience
    everything = audience.domains is None
    seen = [
        task for task in job.tasks if everything or (task.object_path is not None and audience.shows(task.object_path))
    ]
    rejected = _problems(product, job.rejections) if everything else ()
    if not seen and not rejected:
        return None
    ids = dict.fromkeys(RequestedId(task.task_id, product) for task in seen)
    return replace(query, ids=tuple(ids), products=(product,), rejected=rejected)


def _problems(product: str, rejections: Iterable[JobRejection]) -> tuple[Problem, ...]:
    """One problem per reason."""
    by_reason: dict[str, list[JobRejection]] = {}
    for each in rejections:
        by_reason.setdefault(each.reason.value, []).append(each)
    account, bare = split_account(product)
    return tuple(
        Problem(
            account=account,
            product=bare,
            reason=reason,
            vendor_code=together[0].vendor_code,
            request_ids=(),
            media_ids=tuple(dict.fromkeys(each.media_id for each in together)),
        )
        for reason, together in by_reason.items()
    )
