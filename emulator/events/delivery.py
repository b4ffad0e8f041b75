"""Asynchronous invocation as Function Compute does it: at least once, retried, and on request in disorder."""

from __future__ import annotations

import asyncio
import random
from threading import Condition
from uuid import uuid4

import msgspec

from emulator.core.accounts import AccessKey
from emulator.core.background import Background
from emulator.core.clock import Clock
from emulator.core.http_client import InvocationResult, post
from emulator.events.oss_event import OWNER, REGION


class Delivery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How events travel.

    Each is delivered `copies` times (a random number in that range, both ends included), every copy after up to
    `spread` seconds: copies and reordering, by the random numbers of `seed`. An invocation that fails
    (`x-fc-status: 404`, or no answer within `timeout` seconds) is repeated up to `retries` times, `retry_delay` seconds
    later, under the same request id. A target has at most `at_once` invocations open. `credentials` travel as FC's
    headers.
    """

    copies: tuple[int, int] = (1, 1)
    spread: float = 0.0
    seed: int = 0
    retries: int = 3
    retry_delay: float = 0.05
    at_once: int = 200
    timeout: float = 65.0
    credentials: AccessKey | None = None

    def __post_init__(self) -> None:
        """Raises ValueError where an event could get lost."""
        fewest, most = self.copies
        if not 1 <= fewest <= most:
            raise ValueError(f"copies: {self.copies!r} is no range from 1 on")


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one function; `kind` is oss or timer, `key` the object's (or the timer's name)."""

    url: str
    kind: str
    key: str
    body: bytes


class Attempt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One invocation: `attempt` counts from 0, `at` is its end in epoch seconds, `status` 0 means no answer."""

    url: str
    kind: str
    key: str
    request_id: str
    attempt: int
    at: float
    status: int
    failed: bool
    answer: bytes


class _DeliveryLog:
    """What is under way and what became of the rest, since the start or the last `clear`."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._open = 0
        self._attempts: list[Attempt] = []

    def started(self) -> None:
        with self._changed:
            self._open += 1

    def ended(self) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def add(self, attempt: Attempt) -> None:
        with self._changed:
            self._attempts.append(attempt)

    def attempts(self) -> tuple[Attempt, ...]:
        with self._changed:
            return tuple(self._attempts)

    def settle(self, timeout: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._open, timeout):
                raise TimeoutError(f"{self._open} deliveries are still under way after {timeout:g} s")


class EventSender:
    """Delivers invocations and keeps a log of it. Thread-safe."""

    def __init__(self, clock: Clock, background: Background) -> None:
        """Deliveries run in `background`; the log's times are `clock`'s, all waiting is in real time."""
        self._clock = clock
        self._background = background
        self._slots: dict[tuple[str, int], asyncio.Semaphore] = {}
        self.clear()

    def clear(self) -> None:
        """An empty log, the options of the start; what is under way is neither repeated nor written down any more."""
        self._log = _DeliveryLog()
        self.options = Delivery()

    @property
    def options(self) -> Delivery:
        """How events travel from now on."""
        return self._options

    @options.setter
    def options(self, options: Delivery) -> None:
        self._options, self._random = options, random.Random(options.seed)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every invocation so far, in the order in which they ended."""
        return self._log.attempts()

    def settle(self, timeout: float) -> None:
        """Wait until nothing is under way. Raises TimeoutError after `timeout` seconds."""
        self._log.settle(timeout)

    def send_copies(self, invocation: Invocation) -> None:
        """Send as many copies as the options say, each after a wait of its own."""
        for _ in range(self._random.randint(*self._options.copies)):
            self.send(invocation, self._random.uniform(0.0, self._options.spread))

    def send(self, invocation: Invocation, wait: float = 0.0) -> None:
        """Deliver once, after `wait` seconds; returns at once."""
        log = self._log
        log.started()
        self._background.begin(lambda: self._deliver(invocation, wait, log))

    async def deliver(self, invocation: Invocation) -> None:
        """Deliver once and wait for the end of it."""
        log = self._log
        log.started()
        await self._deliver(invocation, 0.0, log)

    async def _deliver(self, invocation: Invocation, wait: float, log: _DeliveryLog) -> None:
        options, request_id = self._options, str(uuid4())
        try:
            await asyncio.sleep(wait)
            for attempt in range(1 + options.retries):
                await asyncio.sleep(options.retry_delay if attempt else 0.0)
                if log is not self._log:
                    return
                result = await self._invoke(invocation, options, request_id)
                log.add(self._attempt(invocation, request_id, attempt, result))
                if not result.failed:
                    return
        finally:
            log.ended()

    async def _invoke(self, invocation: Invocation, options: Delivery, request_id: str) -> InvocationResult:
        slot = (invocation.url, options.at_once)
        async with self._slots.setdefault(slot, asyncio.Semaphore(options.at_once)):
            return await post(
                f"{invocation.url}/invoke", _headers(options, request_id), invocation.body, options.timeout
            )

    def _attempt(self, invocation: Invocation, request_id: str, attempt: int, result: InvocationResult) -> Attempt:
        return Attempt(
            url=invocation.url,
            kind=invocation.kind,
            key=invocation.key,
            request_id=request_id,
            attempt=attempt,
            at=self._clock.now(),
            status=result.status,
            failed=result.failed,
            answer=result.body,
        )


def _headers(options: Delivery, request_id: str) -> dict[str, str]:
    """What Function Compute sends along with an event (docs/function-compute.md 3)."""
    headers = {
        "content-type": "application/octet-stream",
        "x-fc-control-path": "/invoke",
        "x-fc-request-id": request_id,
        "x-fc-region": REGION,
        "x-fc-account-id": OWNER,
    }
    key = options.credentials
    if key is None:
        return headers
    triple = {"access-key-id": key.id, "access-key-secret": key.secret, "security-token": key.token or ""}
    return {**headers, **{f"x-fc-{name}": value for name, value in triple.items()}}
