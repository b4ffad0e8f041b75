"""Submits URLs to one product: in as few calls as fit, no URL twice, and every URL accounted for in the end.

A call is retried only when the vendor surely did nothing (`ActionCaller`). A call refused for some of its URLs is
split, so that the good ones get through; a call with an unknown outcome is reported as such and not repeated.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from functions.errors import Concern, RejectReason, UpstreamFault
from functions.logs import log_event
from functions.model import Clock, TaskKey
from functions.products.splitting import SPLITTABLE, Splitter
from functions.products.submit.batches import Paths, by_domain, calls_for
from functions.products.submit.domain_limit import DomainRateLimit
from functions.products.submit.kinds import SubmitKind
from functions.products.submit.rejections import (
    UNKNOWN_RETRY_SECONDS,
    Accepted,
    Refused,
    RejectionCause,
    Submitted,
    cause_of,
)
from functions.upstream.caller import ActionCaller

MAX_PARALLEL_CALLS = 8
"""Calls of one submission running at a time: enough for speed, few once the first is refused for the quota."""
MAX_SPLIT_CALLS = 40
"""How many further calls splitting may cost a submission: finding one bad URL in a thousand takes twenty."""
_ID_MEMBERS = frozenset({"refreshtaskid", "pushtaskid", "preloadtaskid", "taskid"})
"""Each is documented somewhere for each operation (docs/vendor.md 2: DCDN's own pages disagree); ESA has the last."""
_ID = re.compile(r"[0-9]{1,30}")


Parameters = Callable[[SubmitKind, Paths], Mapping[str, Any]]
"""What is sent to submit URLs as one of a product's kinds."""


def family_parameters(kind: SubmitKind, paths: Paths) -> Mapping[str, Any]:
    """As CDN, DCDN and VOD take it: one URL a line."""
    object_type = {} if kind.word is None else {"ObjectType": kind.word}
    return {"ObjectPath": "\n".join(paths), **object_type}


class ProductSubmitter:
    """Submits to one product."""

    def __init__(
        self,
        callers: Mapping[str, ActionCaller],
        kinds: Iterable[SubmitKind],
        clock: Clock,
        parameters: Parameters = family_parameters,
    ) -> None:
        """`callers` by action, those of all `kinds` among them."""
        self._callers = callers
        self._parameters = parameters
        per_minute = {kind.operation.action: kind.paths_per_minute for kind in kinds if kind.paths_per_minute}
        self._limits = {action: DomainRateLimit(limit, clock) for action, limit in per_minute.items()}

    async def submit(self, kind: SubmitKind, object_paths: Paths, deadline: float) -> Submitted:
        """Submit well-formed URLs by `deadline` (the loop's clock); never raises UpstreamFault."""
        limit = self._limits[kind.operation.action] if kind.paths_per_minute else None
        sendable, early = _within_the_minute(object_paths, limit) if limit else (object_paths, ())
        submission = _Submission(kind, self._callers[kind.operation.action], self._parameters, deadline)
        await submission.run(calls_for(sendable, kind.paths_per_call, kind.domains_per_call))
        if limit:
            _give_back(limit, submission.refused)
        return Submitted(tuple(submission.accepted), (*early, *submission.refused), submission.calls)


class _Submission:
    """One running submission."""

    def __init__(self, kind: SubmitKind, caller: ActionCaller, parameters: Parameters, deadline: float) -> None:
        self.accepted: list[Accepted] = []
        self.refused: list[Refused] = []
        self.calls = 0
        self._kind = kind
        self._caller = caller
        self._parameters = parameters
        self._deadline = deadline
        self._parallel = asyncio.Semaphore(MAX_PARALLEL_CALLS)
        self._split_calls_left = MAX_SPLIT_CALLS
        self._stopped: RejectionCause | None = None
        self._splitter = Splitter(self._send, _refused_by, self._take_calls)

    async def run(self, calls: Iterable[Paths]) -> None:
        await asyncio.gather(*(self._submit(paths) for paths in calls))

    async def _submit(self, paths: Paths) -> None:
        """Make one call, and further ones for the URLs that its refusal does not concern."""
        for part, cause in await self._splitter.run(paths):
            domains = by_domain(part).values()
            if cause is None:
                continue
            if cause.concerns is Concern.DOMAIN and len(domains) > 1 and self._take_calls(len(domains)):
                await self.run(tuple(urls) for urls in domains)
            else:
                self.refused.append(Refused(part, _cause_for(part, cause)))

    async def _send(self, paths: Paths) -> RejectionCause | None:
        """Make one call; None when it was accepted."""
        async with self._parallel:
            if self._stopped is not None:
                return self._stopped
            self.calls += 1
            try:
                answer = await self._caller.call(self._parameters(self._kind, paths), self._deadline)
            except UpstreamFault as fault:
                cause = cause_of(fault)
                if cause.concerns is Concern.ACCOUNT and cause.reason is not RejectReason.THROTTLED:
                    self._stopped = cause
                return cause
        task_ids = read_task_ids(answer.body)
        if not task_ids:
            action, request_id = self._kind.operation.action, answer.request_id
            log_event("submit without ids", level=logging.WARNING, action=action, vendorRequestId=request_id)
            return RejectionCause(reason=RejectReason.UNKNOWN_OUTCOME)
        product = self._kind.operation.product
        self.accepted.append(Accepted(paths, tuple(TaskKey(product, task_id) for task_id in task_ids)))
        return None

    def _take_calls(self, calls: int) -> bool:
        """Grant further calls, up to MAX_SPLIT_CALLS in all."""
        if calls > self._split_calls_left:
            return False
        self._split_calls_left -= calls
        return True


def _cause_for(paths: Paths, cause: RejectionCause) -> RejectionCause:
    """Of URLs refused together for one of them, none is known to be the one: that is no verdict on any."""
    if cause.concerns is not Concern.ITEM or len(paths) == 1:
        return cause
    return msgspec.structs.replace(cause, reason=RejectReason.REJECTED, retry_after=UNKNOWN_RETRY_SECONDS)


def _refused_by(cause: RejectionCause | None) -> str | None:
    """What a call was refused by, where that may concern one of its URLs only."""
    if cause is None or cause.concerns not in SPLITTABLE:
        return None
    return cause.vendor_code or cause.reason.value


def read_task_ids(body: Any) -> tuple[str, ...]:
    """The distinct TaskIds in the answer of a submit operation: comma-joined digits under any of the known names."""
    members = body if isinstance(body, dict) else {}
    values = [value for name, value in members.items() if str(name).lower() in _ID_MEMBERS]
    texts = [str(value) for value in values if isinstance(value, str | int)]
    words = [word.strip() for text in texts for word in text.split(",")]
    return tuple(dict.fromkeys(word for word in words if _ID.fullmatch(word)))


def _within_the_minute(object_paths: Paths, limit: DomainRateLimit) -> tuple[Paths, tuple[Refused, ...]]:
    """The URLs that may be sent now, and those that would exceed the limit of URLs per domain and minute."""
    sendable: list[str] = []
    early: list[Refused] = []
    for domain, paths in by_domain(object_paths).items():
        granted = limit.take(domain, len(paths))
        sendable += paths[:granted]
        if paths[granted:]:
            cause = RejectionCause(reason=RejectReason.THROTTLED, retry_after=limit.wait_for(domain))
            early.append(Refused(tuple(paths[granted:]), cause))
    return tuple(sendable), tuple(early)


def _give_back(limit: DomainRateLimit, refused: Iterable[Refused]) -> None:
    """Stop counting what was surely not submitted."""
    for each in refused:
        if each.cause.reason.certain:
            for domain, paths in by_domain(each.object_paths).items():
                limit.give_back(domain, len(paths))
