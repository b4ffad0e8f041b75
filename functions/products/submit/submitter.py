"""Submits URLs to one product: as few calls as fit, no URL twice, and every URL accounted for in the end.

A call is repeated only when the vendor surely did nothing (`ActionCaller`). One that was refused because of some of its
URLs is taken apart, so that the good ones get through; one whose fate is unknown is said to be so and left alone.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from functions.errors import UpstreamFault
from functions.model import Clock, TaskKey
from functions.products.spec import SubmitSpec
from functions.products.submit.batches import Paths, by_domain, calls_for, halves, halves_by_domain
from functions.products.submit.domain_limit import DomainRateLimit
from functions.products.submit.rejections import Accepted, Refused, RejectionCause, RejectReason, Submitted, refusal_of
from functions.upstream.caller import ActionCaller

log = logging.getLogger(__name__)

LANES = 8
"""Calls of one submission under way at a time: enough for speed, few to regret when the first says "quota"."""
FURTHER_CALLS = 40
"""How many calls more than planned a submission may cost for the sake of its good URLs: one bad URL in a thousand is
found in twenty."""
_ID_MEMBERS = frozenset({"refreshtaskid", "pushtaskid", "preloadtaskid"})
"""Each is documented somewhere for each operation (facts 2: DCDN's own pages disagree)."""
_ID = re.compile(r"[0-9]{1,30}")


class ProductSubmitter:
    """Submits to one product."""

    def __init__(self, channels: Mapping[str, ActionCaller], specs: Iterable[SubmitSpec], clock: Clock) -> None:
        """`channels` by action, those of all `specs` among them."""
        self._channels = channels
        limits = {spec.operation.action: spec.paths_per_minute for spec in specs if spec.paths_per_minute}
        self._budgets = {action: DomainRateLimit(limit, clock) for action, limit in limits.items()}

    async def submit(self, spec: SubmitSpec, object_paths: Paths, deadline: float) -> Submitted:
        """Submit well-formed URLs by `deadline` (the loop's clock); never raises UpstreamFault."""
        budget = self._budgets[spec.operation.action] if spec.paths_per_minute else None
        sendable, early = _within_the_minute(object_paths, budget) if budget else (object_paths, ())
        errand = _Submission(spec, self._channels[spec.operation.action], deadline)
        await errand.run(calls_for(sendable, spec.paths_per_call, spec.domains_per_call))
        if budget:
            _give_back(budget, errand.refused)
        return Submitted(tuple(errand.accepted), (*early, *errand.refused), errand.calls)


class _Submission:
    """One submission while it is under way."""

    def __init__(self, spec: SubmitSpec, channel: ActionCaller, deadline: float) -> None:
        self.accepted: list[Accepted] = []
        self.refused: list[Refused] = []
        self.calls = 0
        self._spec = spec
        self._channel = channel
        self._deadline = deadline
        self._lanes = asyncio.Semaphore(LANES)
        self._further_calls = FURTHER_CALLS
        self._stopped: RejectionCause | None = None

    async def run(self, calls: Iterable[Paths]) -> None:
        await asyncio.gather(*(self._see_through(paths) for paths in calls))

    async def _see_through(self, paths: Paths) -> None:
        async with self._lanes:
            refusal = self._stopped or await self._send(paths)
        if refusal is None:
            return
        parts = self._parts(paths, refusal)
        if parts:
            await self.run(parts)
        else:
            self.refused.append(Refused(paths, refusal))

    async def _send(self, paths: Paths) -> RejectionCause | None:
        """Make one call; None when it was accepted, and what it gave is noted."""
        self.calls += 1
        try:
            answer = await self._channel.call(self._parameters(paths), self._deadline)
        except UpstreamFault as fault:
            refusal = refusal_of(fault)
            if refusal.reason.concerns_all:
                self._stopped = refusal
            return refusal
        task_ids = read_task_ids(answer.body)
        if not task_ids:
            action, request_id = self._spec.operation.action, answer.request_id
            log.warning("accepted, it seems, but no id was read", extra={"action": action, "request_id": request_id})
            return RejectionCause(reason=RejectReason.UNKNOWN_OUTCOME)
        product = self._spec.operation.product
        self.accepted.append(Accepted(paths, tuple(TaskKey(product, task_id) for task_id in task_ids)))
        return None

    def _parameters(self, paths: Paths) -> dict[str, str]:
        object_type = {} if self._spec.word is None else {"ObjectType": self._spec.word}
        return {"ObjectPath": "\n".join(paths), **object_type}

    def _parts(self, paths: Paths, refusal: RejectionCause) -> tuple[Paths, ...]:
        """Into what to take a refused call apart; nothing where that cannot help, or has cost enough."""
        if not refusal.reason.may_concern_one or len(paths) == 1:
            return ()
        parts = halves_by_domain(paths) if refusal.reason is RejectReason.DOMAIN_NOT_FOUND else halves(paths)
        if parts is None or self._further_calls < len(parts):
            return ()
        self._further_calls -= len(parts)
        return parts


def read_task_ids(body: Any) -> tuple[str, ...]:
    """The distinct TaskIds in a submit operation's answer, whatever it calls them; strings of digits, comma-joined."""
    members = body if isinstance(body, dict) else {}
    values = [value for name, value in members.items() if str(name).lower() in _ID_MEMBERS]
    texts = [str(value) for value in values if isinstance(value, str | int)]
    words = [word.strip() for text in texts for word in text.split(",")]
    return tuple(dict.fromkeys(word for word in words if _ID.fullmatch(word)))


def _within_the_minute(object_paths: Paths, budget: DomainRateLimit) -> tuple[Paths, tuple[Refused, ...]]:
    """What may be sent now, and what would be more than the vendor takes in a minute for one domain."""
    sendable: list[str] = []
    early: list[Refused] = []
    for domain, paths in by_domain(object_paths).items():
        granted = budget.take(domain, len(paths))
        sendable += paths[:granted]
        if paths[granted:]:
            refusal = RejectionCause(reason=RejectReason.THROTTLED, retry_after=budget.wait_for(domain))
            early.append(Refused(tuple(paths[granted:]), refusal))
    return tuple(sendable), tuple(early)


def _give_back(budget: DomainRateLimit, refused: Iterable[Refused]) -> None:
    """What was surely not submitted does not count."""
    for each in refused:
        if each.refusal.reason.certain:
            for domain, paths in by_domain(each.object_paths).items():
                budget.give_back(domain, len(paths))
