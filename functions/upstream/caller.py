"""Calls one action of a product: within its rate, within the deadline, and again where a retry can help."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from functions.errors import Concern, Reason, UpstreamFault
from functions.logs import log_event
from functions.model import in_account, split_account
from functions.tracing import call_span
from functions.upstream.metrics import ActionMetrics, ActionStats
from functions.upstream.operation import Operation, OperationKind
from functions.upstream.rate_limiter import Limiter, Permit

if TYPE_CHECKING:  # not at run time: settings import the products' specs, and the SDK client takes long to import
    from functions.upstream.sdk_client import RawAnswer, SdkClient

_RETRIED = frozenset({Reason.THROTTLED, Reason.TIMEOUT, Reason.UNAVAILABLE})
"""MALFORMED is not among them: the vendor would send the same body again."""
_PASSING = _RETRIED | {Reason.DEADLINE}
"""Faults that pass by themselves; of the others somebody should know."""
_ATTEMPT_SHARE = 0.6
"""An attempt that hangs may use this share of the time left, so that another one can follow."""
_FIRST_BACKOFF_SECONDS = 0.1
_MAX_BACKOFF_SECONDS = 2.0
_MIN_ATTEMPT_SECONDS = 0.2


class ActionCaller:
    """Calls one action; every call of it in this instance goes through here."""

    def __init__(
        self, operation: Operation, client: SdkClient, limiter: Limiter, jitter: Callable[[], float] = random.random
    ) -> None:
        """`jitter` gives numbers from 0 to 1."""
        self.operation = operation
        self.limiter = limiter
        self.metrics = ActionMetrics()
        self._client = client
        self._jitter = jitter

    async def call(self, parameters: Mapping[str, Any], deadline: float, permit: Permit | None = None) -> RawAnswer:
        """The answer, by `deadline` (the loop's clock); a `permit` that the caller has already is used first.

        Raises UpstreamFault: THROTTLED at once when no permit can come in time, else the fault of the last attempt.
        """
        permit = permit or await self._permit(deadline)
        attempt = 0
        while True:
            await self._prepare(permit, deadline)
            try:
                return await self._attempt(parameters, deadline, permit)
            except UpstreamFault as fault:
                permit = await self._permit_to_retry(attempt, fault, deadline)
                attempt += 1

    def stats(self) -> ActionStats:
        """The action's counts as they stand; of another account, it is named like `acme/RefreshObjectCaches`."""
        account, _ = split_account(self.operation.product)
        action = in_account(account, self.operation.action)
        return self.metrics.stats(action, queue_length=self.limiter.queue_length, rate=self.limiter.rate)

    async def _prepare(self, permit: Permit, deadline: float) -> None:
        """Have a key to sign with; where it cannot be had there is nothing to retry: that was done in getting it."""
        try:
            await self._client.prepare(deadline)
        except UpstreamFault as fault:
            permit.unused()
            raise fault.in_product(self.operation.product) from None

    async def _permit(self, deadline: float) -> Permit:
        now = asyncio.get_running_loop().time()
        wait = self.limiter.wait_for()
        if now + wait < deadline:
            try:
                async with asyncio.timeout_at(deadline):
                    return await self.limiter.acquire()
            except TimeoutError:
                wait = max(self.limiter.wait_for(), 1.0)
        raise UpstreamFault(
            Reason.THROTTLED,
            product=self.operation.product,
            detail="no call of this action is free before the deadline",
            retry_after=math.ceil(wait),
            without_effect=True,
        )

    async def _attempt(self, parameters: Mapping[str, Any], deadline: float, permit: Permit) -> RawAnswer:
        loop = asyncio.get_running_loop()
        started = loop.time()
        if started >= deadline:
            permit.unused()
            raise UpstreamFault(Reason.DEADLINE, product=self.operation.product, without_effect=True)
        left = deadline - started
        seconds = left if self._is_last_attempt(left) else left * _ATTEMPT_SHARE
        self.metrics.calls += 1
        outcome: RawAnswer | UpstreamFault | None = None
        try:
            with call_span(self.operation.product, self.operation.action):
                outcome = await self._client.call(self.operation, parameters, seconds)
        except UpstreamFault as fault:
            outcome = fault
            self._count(fault)
            raise
        else:
            return outcome
        finally:
            permit.answered()
            self._log(parameters.get("TaskId"), loop.time() - started, outcome)
            del outcome  # a fault that is held by a frame of its own traceback is freed late

    def _is_last_attempt(self, left: float) -> bool:
        return self.operation.kind is OperationKind.SUBMIT or left * (1 - _ATTEMPT_SHARE) < _MIN_ATTEMPT_SECONDS

    def _count(self, fault: UpstreamFault) -> None:
        self.metrics.faults += 1
        # What exceeds the limit of one domain says nothing of the rate of calls.
        if fault.reason is Reason.THROTTLED and fault.concerns is not Concern.DOMAIN:
            self.metrics.throttles += 1
            self.limiter.throttled(fault.retry_after)

    async def _permit_to_retry(self, attempt: int, fault: UpstreamFault, deadline: float) -> Permit:
        """Wait before the next attempt; raise `fault` where a retry cannot help or would come too late."""
        if not self._may_retry(fault):
            raise fault
        longest = min(_FIRST_BACKOFF_SECONDS * 2**attempt, _MAX_BACKOFF_SECONDS)
        pause = max(longest * (0.5 + 0.5 * self._jitter()), fault.retry_after or 0.0)
        latest = deadline - _MIN_ATTEMPT_SECONDS
        if asyncio.get_running_loop().time() + max(pause, self.limiter.wait_for()) >= latest:
            raise fault
        await asyncio.sleep(pause)
        try:
            permit = await self._permit(latest)
        except UpstreamFault:
            raise fault from None
        self.metrics.retries += 1
        return permit

    def _may_retry(self, fault: UpstreamFault) -> bool:
        """A submit is retried only when the vendor surely did nothing: it must not be done twice."""
        passing = fault.reason in _RETRIED or fault.other_key
        return passing and (fault.without_effect or self.operation.kind is not OperationKind.SUBMIT)

    def _log(self, task_ids: object, seconds: float, outcome: RawAnswer | UpstreamFault | None) -> None:
        """`outcome` is None for a call that nobody waited for any more."""
        fault = outcome if isinstance(outcome, UpstreamFault) else None
        if outcome is not None and fault is None:
            self.metrics.count_latency(seconds)
        log_event(
            "vendor call",
            level=logging.WARNING if fault and fault.reason not in _PASSING else logging.INFO,
            product=self.operation.product,
            action=self.operation.action,
            taskId=task_ids,
            seconds=round(seconds, 4),
            outcome=fault.reason.value if fault else "answered" if outcome else "abandoned",
            vendorCode=fault.vendor_code if fault else None,
            vendorMessage=fault.detail if fault else None,
            vendorRequestId=outcome.request_id if outcome else None,
        )
