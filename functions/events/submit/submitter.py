"""Submits actions: bursts in one call, within the share of the quota that is not reserved."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

import msgspec

from functions.errors import RejectReason
from functions.events.change import Action, ActionKind
from functions.events.submit.debounce import Debouncer
from functions.events.timings import Timings
from functions.logs import log_event
from functions.tasks.quota_reserve import QuotaReserve
from functions.tasks.results import Tasks
from functions.tasks.submit import Submission, SubmitAnswer

MAX_URLS = 1_000
"""The most that one call takes of any kind (docs/vendor.md 2); the service splits what takes less."""
FINAL = frozenset(
    {
        RejectReason.INVALID_OBJECT_PATH,
        RejectReason.DOMAIN_NOT_FOUND,
        RejectReason.OVER_LIMIT,
        RejectReason.OBJECT_TYPE_UNSUPPORTED,
        # A used-up quota is final: an object that changed today is not submitted tomorrow.
        RejectReason.QUOTA_EXCEEDED,
    }
)
"""What no later attempt can change. Anything else may pass, an unknown code of the vendor included."""


class SubmitResult(msgspec.Struct, frozen=True):
    """What became of one URL: tasks, a refusal for good, or the reason why it is to be tried again."""

    task_ids: tuple[str, ...] = ()
    refusal: str | None = None
    last_rejection: str | None = None
    vendor_code: str | None = None


class ActionSubmitter:
    """Submits actions. What cannot be decided now comes back without tasks and refusal: a sweep tries it again."""

    def __init__(self, tasks: Tasks, reserve: QuotaReserve, timings: Timings) -> None:
        """One per process, so that concurrent submissions share their calls."""
        self._tasks = tasks
        self._reserve = reserve
        self._timings = timings
        self._debouncers: dict[tuple[str, ActionKind, str], Debouncer[str, SubmitResult]] = {}

    async def submit(self, action: Action) -> Action:
        """The action with what became of it."""
        result = await self._debouncer(action.product, action.kind, action.object_type).add(action.object_path)
        return msgspec.structs.replace(action, **msgspec.structs.asdict(result))

    def _debouncer(self, product: str, kind: ActionKind, object_type: str) -> Debouncer[str, SubmitResult]:
        if (product, kind, object_type) not in self._debouncers:
            self._debouncers[product, kind, object_type] = Debouncer(
                lambda urls: self._send(product, kind, object_type, urls),
                quiet=self._timings.quiet,
                hold=self._timings.hold,
                max_items=MAX_URLS,
            )
        return self._debouncers[product, kind, object_type]

    async def _send(
        self, product: str, kind: ActionKind, object_type: str, urls: tuple[str, ...]
    ) -> Mapping[str, SubmitResult]:
        granted = await self._reserve.grant(product, kind, object_type, len(urls))
        if granted is None:
            return dict.fromkeys(urls, SubmitResult(last_rejection=RejectReason.QUOTA_UNKNOWN))
        reserved = dict.fromkeys(urls[granted:], SubmitResult(refusal=RejectReason.QUOTA_RESERVED))
        # Whatever the answer leaves out is tried again.
        results = dict.fromkeys(urls, SubmitResult()) | reserved
        if granted:
            submission = Submission(product=product, action=kind, object_type=object_type, object_paths=urls[:granted])
            answer = await self._tasks.submit(submission)
            _log(submission, answer, reserved=len(reserved))
            results.update(_results(answer))
        return results


def _results(answer: SubmitAnswer) -> Iterator[tuple[str, SubmitResult]]:
    for accepted in answer.accepted:
        result = SubmitResult(task_ids=tuple(task.task_id for task in accepted.tasks))
        yield from ((url, result) for url in accepted.object_paths)
    for rejection in answer.report.rejected:
        final = rejection.reason in FINAL
        result = SubmitResult(
            refusal=rejection.reason if final else None,
            last_rejection=None if final else rejection.reason,
            vendor_code=rejection.vendor_code,
        )
        yield from ((url, result) for url in rejection.object_paths)


def _log(submission: Submission, answer: SubmitAnswer, *, reserved: int) -> None:
    log_event(
        "submitted",
        level=logging.WARNING if answer.report.rejected else logging.INFO,
        product=submission.product,
        action=submission.action,
        objectType=submission.object_type,
        urls=len(submission.object_paths),
        calls=answer.calls,
        tasks=[task.id for task in answer.report.tasks],
        rejected={each.reason: len(each.object_paths) for each in answer.report.rejected},
        quotaReserved=reserved,
    )
