"""Asynchronous invocation as Function Compute does it: at least once, retried, and on request in disorder."""

from __future__ import annotations

import asyncio
import random
from threading import Condition
from uuid import uuid4

import msgspec

from emulator.accounts import AccessKey
from emulator.clock import Clock
from emulator.notifications.background import Background
from emulator.notifications.event import OWNER, REGION
from emulator.notifications.post import Answered, post


class Delivery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How events travel.

    Each is delivered `copies` times (a random number in that range, both ends included), every copy after up to
    `spread` seconds: copies and reordering, by the dice of `seed`. An invocation that fails (`x-fc-status: 404`, or no
    answer within `timeout` seconds) is repeated up to `retries` times, `retry_delay` seconds later, under the same
    request id. A target has at most `at_once` invocations open. `credentials` travel as FC's headers.
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


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
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


class _Ledger:
    """What is under way and what became of the rest, since the start or the last `clear`."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._open = 0
        self._attempts: list[Attempt] = []

    def began(self) -> None:
        with self._changed:
            self._open += 1

    def ended(self) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def write(self, attempt: Attempt) -> None:
        with self._changed:
            self._attempts.append(attempt)

    def attempts(self) -> tuple[Attempt, ...]:
        with self._changed:
            return tuple(self._attempts)

    def settle(self, timeout: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._open, timeout):
                raise TimeoutError(f"{self._open} deliveries are still under way after {timeout:g} s")


class Courier:
    """Delivers parcels and keeps a log of it. Thread-safe."""

    def __init__(self, clock: Clock, background: Background) -> None:
        """Deliveries run in `background`; the log's times are `clock`'s, all waiting is in real time."""
        self._clock = clock
        self._background = background
        self._slots: dict[tuple[str, int], asyncio.Semaphore] = {}
        self.clear()

    def clear(self) -> None:
        """An empty log, the plan of the start; what is under way is neither repeated nor written down any more."""
        self._ledger = _Ledger()
        self.plan = Delivery()

    @property
    def plan(self) -> Delivery:
        """How events travel from now on."""
        return self._plan

    @plan.setter
    def plan(self, plan: Delivery) -> None:
        self._plan, self._dice = plan, random.Random(plan.seed)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every invocation so far, in the order in which they ended."""
        return self._ledger.attempts()

    def settle(self, timeout: float) -> None:
        """Wait until nothing is under way. Raises TimeoutError after `timeout` seconds."""
        self._ledger.settle(timeout)

    def scatter(self, parcel: Parcel) -> None:
        """Send as many copies as the plan's dice say, each after a wait of its own."""
        for _ in range(self._dice.randint(*self._plan.copies)):
            self.send(parcel, self._dice.uniform(0.0, self._plan.spread))

    def send(self, parcel: Parcel, wait: float = 0.0) -> None:
        """Deliver once, after `wait` seconds; returns at once."""
        ledger = self._ledger
        ledger.began()
        self._background.begin(lambda: self._deliver(parcel, wait, ledger))

    async def deliver(self, parcel: Parcel) -> None:
        """Deliver once and wait for the end of it."""
        ledger = self._ledger
        ledger.began()
        await self._deliver(parcel, 0.0, ledger)

    async def _deliver(self, parcel: Parcel, wait: float, ledger: _Ledger) -> None:
        plan, request_id = self._plan, str(uuid4())
        try:
            await asyncio.sleep(wait)
            for attempt in range(1 + plan.retries):
                await asyncio.sleep(plan.retry_delay if attempt else 0.0)
                if ledger is not self._ledger:
                    return
                answered = await self._invoke(parcel, plan, request_id)
                ledger.write(self._attempt(parcel, request_id, attempt, answered))
                if not answered.failed:
                    return
        finally:
            ledger.ended()

    async def _invoke(self, parcel: Parcel, plan: Delivery, request_id: str) -> Answered:
        slot = (parcel.url, plan.at_once)
        async with self._slots.setdefault(slot, asyncio.Semaphore(plan.at_once)):
            return await post(f"{parcel.url}/invoke", _headers(plan, request_id), parcel.body, plan.timeout)

    def _attempt(self, parcel: Parcel, request_id: str, attempt: int, answered: Answered) -> Attempt:
        return Attempt(
            url=parcel.url,
            kind=parcel.kind,
            key=parcel.key,
            request_id=request_id,
            attempt=attempt,
            at=self._clock.now(),
            status=answered.status,
            failed=answered.failed,
            answer=answered.body,
        )


def _headers(plan: Delivery, request_id: str) -> dict[str, str]:
    """What Function Compute sends along with an event (FC facts 3)."""
    headers = {
        "content-type": "application/octet-stream",
        "x-fc-control-path": "/invoke",
        "x-fc-request-id": request_id,
        "x-fc-region": REGION,
        "x-fc-account-id": OWNER,
    }
    key = plan.credentials
    if key is None:
        return headers
    triple = {"access-key-id": key.id, "access-key-secret": key.secret, "security-token": key.token or ""}
    return {**headers, **{f"x-fc-{name}": value for name, value in triple.items()}}
