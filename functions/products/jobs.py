"""Jobs of a product: one submission whose URLs the vendor chose itself, with a task for each (docs/vendor.md 1.7)."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from functions.errors import Reason, RejectReason, UpstreamFault
from functions.model import Clock
from functions.upstream import error_codes
from functions.upstream.caller import ActionCaller
from functions.upstream.single_flight import SingleFlight

_ID = re.compile(r"[0-9]{1,30}")
_MAX_KEPT = 256


class JobTask(msgspec.Struct, frozen=True):
    """A task of a job; `object_path` is its URL, None where the answer does not tell which of its URLs that is."""

    task_id: str
    object_path: str | None


class JobRejection(msgspec.Struct, frozen=True):
    """Media of which nothing was submitted, and why."""

    media_id: str
    reason: RejectReason
    vendor_code: str | None


class Job(msgspec.Struct, frozen=True):
    """What became of a job when it was submitted; it knows nothing of how its tasks go on."""

    tasks: tuple[JobTask, ...]
    rejections: tuple[JobRejection, ...]


class JobReader:
    """Asks for jobs; equal questions are asked once."""

    def __init__(self, caller: ActionCaller, clock: Clock, fresh_seconds: float) -> None:
        """`caller` calls the operation that describes a job; an answer serves for `fresh_seconds`."""
        self._caller = caller
        self._shared: SingleFlight[Job | None] = SingleFlight(clock, fresh_seconds, _MAX_KEPT)

    async def job(self, job_id: str, deadline: float) -> Job | None:
        """The job; None where the product knows none of this id. Raises UpstreamFault."""
        return await self._shared.run(job_id, lambda: self._ask(job_id, deadline))

    async def _ask(self, job_id: str, deadline: float) -> Job | None:
        answer = await self._caller.call({"MediaRefreshJobId": job_id}, deadline)
        try:
            entries = answer.body["MediaRefreshJobs"] or []
            parts = [_part(entry) for entry in entries]
        except (TypeError, KeyError, AttributeError, ValueError):
            product = self._caller.operation.product
            raise UpstreamFault(Reason.MALFORMED, product=product, detail="the job is not understood") from None
        if not parts:
            return None
        return Job(
            tuple(task for part in parts for task in part.tasks),
            tuple(each for part in parts for each in part.rejections),
        )


def _part(entry: dict[str, Any]) -> Job:
    """What became of one of the job's media. Raises ValueError, TypeError or AttributeError for an unknown shape."""
    if entry["Status"].lower() == "fail":
        code = entry.get("ErrorCode") or None
        row = error_codes.find(code, str(entry.get("ErrorMessage") or "")) if code else None
        reason = row.submit if row else RejectReason.REJECTED
        return Job((), (JobRejection(str(entry.get("MediaId") or ""), reason, code),))
    task_ids = [word.strip() for word in entry["TaskIds"].split(",")]
    if not all(_ID.fullmatch(task_id) for task_id in task_ids):
        raise ValueError(entry["TaskIds"])
    # A URL may hold a comma: only as many URLs as tasks tell which is whose.
    urls: list[str | None] = list((entry.get("SuccessPlayUrls") or "").split(","))
    if len(urls) != len(task_ids):
        urls = [None] * len(task_ids)
    return Job(tuple(JobTask(task_id, url) for task_id, url in zip(task_ids, urls, strict=True)), ())
