"""From errands to submissions: gathered in bursts, within the quota that this door may use."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from functions.events.change import Action
from functions.events.submit.debounce import Debouncer
from functions.events.submit.quota_reserve import QuotaReserve
from functions.events.timings import Timings
from functions.products.submit.rejections import RejectReason
from functions.tasks.results import Tasks
from functions.tasks.submit import Submission, SubmitAnswer

QUOTA_RESERVED = "quota-reserved"
"""The refusal that is our own."""
_log = logging.getLogger(__name__)


class Verdict(msgspec.Struct, frozen=True):
    """What became of one URL: tasks, or a refusal for good; neither while that is not known."""

    task_ids: tuple[str, ...] = ()
    refusal: str | None = None


class ActionSubmitter:
    """Submits errands; those that cannot be decided now come back as they were, and the sweep takes them up."""

    def __init__(self, tasks: Tasks, reserve: QuotaReserve, pace: Timings) -> None:
        """One per process: what travels together is what comes through here."""
        self._tasks = tasks
        self._reserve = reserve
        self._pace = pace
        self._bursts: dict[tuple[str, str, str], Debouncer[Verdict]] = {}

    async def submit(self, errands: Iterable[Action]) -> tuple[Action, ...]:
        """The errands with what became of them, in order."""
        return tuple(await asyncio.gather(*(self._submit(errand) for errand in errands)))

    async def _submit(self, errand: Action) -> Action:
        burst = self._bursts.get(errand.place)
        if burst is None:
            place = errand.place
            burst = self._bursts[place] = Debouncer(lambda urls: self._send(*place, urls), self._pace)
        verdict = await burst.add(errand.object_path)
        return msgspec.structs.replace(errand, task_ids=verdict.task_ids, refusal=verdict.refusal)

    async def _send(self, product: str, action: str, kind: str, urls: tuple[str, ...]) -> Mapping[str, Verdict]:
        granted = await self._reserve.take(product, action, kind, len(urls))
        verdicts = {url: Verdict(refusal=QUOTA_RESERVED) for url in urls[granted:]}
        if granted:
            submission = Submission(product=product, action=action, object_type=kind, object_paths=urls[:granted])
            answer = await self._tasks.submit(submission)
            _note(submission, answer, reserved=len(verdicts))
            verdicts.update(_verdicts(answer))
        return {url: verdicts.get(url, Verdict()) for url in urls}


def _verdicts(answer: SubmitAnswer) -> Iterator[tuple[str, Verdict]]:
    for accepted in answer.accepted:
        verdict = Verdict(task_ids=tuple(task.task_id for task in accepted.tasks))
        yield from ((url, verdict) for url in accepted.object_paths)
    for rejection in answer.report.rejected:
        if _for_good(RejectReason(rejection.reason)):
            yield from ((url, Verdict(refusal=rejection.reason)) for url in rejection.object_paths)


def _for_good(reason: RejectReason) -> bool:
    """A used-up quota is an outcome: tomorrow's is for tomorrow's changes."""
    return reason is RejectReason.QUOTA_EXCEEDED or (reason.certain and not reason.retryable)


def _note(submission: Submission, answer: SubmitAnswer, *, reserved: int) -> None:
    members = {
        "product": submission.product,
        "action": submission.action,
        "objectType": submission.object_type,
        "urls": len(submission.object_paths),
        "calls": answer.calls,
        "tasks": [task.id for task in answer.report.tasks],
        "rejected": {each.reason: len(each.object_paths) for each in answer.report.rejected},
        "quotaReserved": reserved,
    }
    _log.info("submitted", extra={"members": members})
