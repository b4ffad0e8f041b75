"""Limits the calls a second of one vendor action over all instances, by the rules of `RateLimiter`.

A call counts from its permit until one second after its answer. Permits are leases: those of an instance that was
killed come back by themselves. Instances are served first come, first served. While the server is away each instance
goes on with its slice of the rate, and nobody calls while the two ways of counting could add up:

- Alone, the first call waits until what all instances sent together is over.
- Together again, the first call waits until the last instance has noticed, and what it sent alone is over.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from functions.upstream.operation import Operation
from functions.upstream.rate_limiter import CALLS_PER_RESERVED_CALL, WINDOW_SECONDS, CountedPermit, Permit, RateLimiter
from functions.upstream.shared.scripts import script
from functions.upstream.shared.server import PROBE_VALID_SECONDS, ServerAway, SharedServer

LEASE_SECONDS = 2.5
RENEWAL_SECONDS = 0.5
TRAVEL_SECONDS = 0.5
"""A call arrives at the vendor within this time of its permit."""
_LOOK_BACK_SECONDS = 0.25
_POLITE_SECONDS = 0.003
_ACQUIRE = script("acquire", "limiter")
_GIVE_BACK = script("give_back", "limiter")
_THROTTLED = script("throttled", "limiter")
_RENEW = script("renew", "limiter")


class Turn(msgspec.Struct, frozen=True):
    """What the server said to one who asked for a permit. Times in seconds."""

    granted: bool
    wait: float
    free: int
    waiting: int
    allowed: int
    blocked: float


def read_turn(answer: Sequence[Any]) -> Turn:
    """The turn that a script's answer begins with; Redis returns fractions as text."""
    granted, wait, free, waiting, allowed, blocked = answer[: len(Turn.__struct_fields__)]
    return Turn(bool(granted), float(wait), int(free), int(waiting), int(allowed), float(blocked))


_EMPTY = Turn(granted=False, wait=0.0, free=0, waiting=0, allowed=0, blocked=0.0)


class SharedLimiter:
    """A `Limiter`; one per action and instance, all of an action share one state on the server.

    Its keys are of the product's group, so that scripts can use them together with those of the product's queue.
    """

    def __init__(self, server: SharedServer, operation: Operation, rate: float, slice_rate: float) -> None:
        """`rate` of all instances together, `slice_rate` of this one while the server is away."""
        self.server = server
        names = ("rate", "permits", "waiters", "waiter-leases")
        self.keys = tuple(server.key(operation.product, operation.action, name) for name in names)
        self._capacity = max(1, math.floor(rate))
        self._hold = max(WINDOW_SECONDS, self._capacity / rate)
        self._alone = RateLimiter(slice_rate)
        self._numbers = itertools.count(1)
        self._running: set[str] = set()
        self._renewal: asyncio.TimerHandle | None = None
        self._waiting = 0
        self._seen, self._seen_at = _EMPTY, -math.inf
        self._alone_after = self._hold + TRAVEL_SECONDS
        self._together_after = PROBE_VALID_SECONDS + self._alone_after
        self._noted_absence = self._paused_for = 0
        self._called_alone = False

    async def acquire(self, reserve: Callable[[], int] = lambda: 0) -> Permit:
        """Wait for a permit, of all instances together where the server is there."""
        self._waiting += 1
        try:
            while True:
                with suppress(ServerAway):
                    if await self.server.back():
                        return await self._together(reserve)
                if permit := await self._by_itself(reserve):
                    return permit
        finally:
            self._waiting -= 1

    @property
    def newcomers_share(self) -> int:
        """As `RateLimiter` has it."""
        return self._capacity // CALLS_PER_RESERVED_CALL

    def wait_for(self, calls: int = 1) -> float:
        """Seconds until the last of `calls` further calls can be sent, as the server's last answer lets expect."""
        if self.server.is_given_up:
            return self._alone.wait_for(calls)
        age = asyncio.get_running_loop().time() - self._seen_at
        if age > self._hold:
            return max(calls - self._capacity, 0) / self._capacity * self._hold
        short = self._seen.waiting + calls - self._seen.free
        blocked = max(self._seen.blocked - age, 0.0)
        return blocked + max(short, 0) / max(self._seen.allowed, 1) * self._hold

    def throttled(self, retry_after: float | None = None) -> None:
        """The vendor throttled a call: slows all instances."""
        if self.server.is_away:
            self._alone.throttled(retry_after)
            return
        arguments = [self._hold, retry_after or 0.0, self._together_after]
        self.server.spawn(self.server.run(_THROTTLED, self.keys, arguments))

    @property
    def rate(self) -> float:
        """Calls a second that are currently allowed: to all instances, or to this one alone."""
        if self.server.is_away:
            return self._alone.rate
        return (self._seen.allowed or self._capacity) / self._hold

    @property
    def queue_length(self) -> int:
        """How many callers of this instance wait for a permit."""
        return self._waiting

    def serve(self) -> None:
        """Waiters come back to the server by themselves."""
        self._alone.serve()

    def new_waiter(self) -> str:
        """A name that no other waiter has."""
        return f"{self.server.instance}-{next(self._numbers)}"

    def arguments(self, waiter: str) -> list[str | bytes | float]:
        """What a script that acquires needs first."""
        return [waiter, self._capacity, self._hold, LEASE_SECONDS, self._settle(), self._together_after]

    def took(self, turn: Turn, waiter: str) -> Permit | None:
        """Note what the server said; the permit if there is one."""
        self._called_alone = False
        self._noted_absence = self.server.last_absence.number if self.server.last_absence else 0
        self._seen, self._seen_at = turn, asyncio.get_running_loop().time()
        if not turn.granted:
            return None
        self._running.add(waiter)
        self._arm()
        return CountedPermit(partial(self._give_back, waiter))

    def give_up(self, waiter: str) -> None:
        """The waiter does not come back."""
        self.server.spawn(self.server.run(_GIVE_BACK, self.keys, [waiter, 0]))

    def _give_back(self, waiter: str, *, sent: bool) -> None:
        self._running.discard(waiter)
        counts = self._hold if sent else 0
        self.server.spawn(self._tell_back(waiter, counts))

    async def _tell_back(self, name: str, counts: float) -> None:
        """Whoever waits for the answer goes first; a permit that comes back this much later harms nobody."""
        await asyncio.sleep(_POLITE_SECONDS)
        await self.server.run(_GIVE_BACK, self.keys, [name, counts])

    async def _together(self, reserve: Callable[[], int]) -> Permit:
        waiter = self.new_waiter()
        try:
            while True:
                answer = await self.server.run(_ACQUIRE, self.keys, [*self.arguments(waiter), reserve()])
                turn = read_turn(answer)
                if permit := self.took(turn, waiter):
                    return permit
                await asyncio.sleep(turn.wait)
        except asyncio.CancelledError:
            self.give_up(waiter)
            raise

    async def _by_itself(self, reserve: Callable[[], int]) -> Permit | None:
        """A permit of this instance's slice; None when it is time to look for the server again."""
        try:
            self._pause_at_first()
            async with asyncio.timeout(_LOOK_BACK_SECONDS):
                permit = await self._alone.acquire(reserve)
        except TimeoutError:
            return None
        if await self.server.back():
            permit.unused()
            return None
        self._called_alone = True
        return permit

    def _pause_at_first(self) -> None:
        """Alone: wait until what was sent together is over."""
        absence = self.server.last_absence
        if absence is not None and absence.number != self._paused_for:
            self._paused_for = absence.number
            self._alone.pause(absence.since + self._alone_after - asyncio.get_running_loop().time())

    def _settle(self) -> float:
        """Together again: how long nobody may call, because of what was sent meanwhile or is not known any more."""
        absence = self.server.last_absence
        if absence is None or absence.number == self._noted_absence:
            return 0.0
        now = asyncio.get_running_loop().time()
        if self._called_alone:
            return max(self._together_after - (now - (absence.ended or now)), 0.0)
        return max(self._alone_after - (now - absence.since), 0.0) if absence.lost else 0.0

    def _arm(self) -> None:
        if self._renewal is None and self._running:
            self._renewal = asyncio.get_running_loop().call_later(RENEWAL_SECONDS, self._renew)

    def _renew(self) -> None:
        self._renewal = None
        if self._running:
            self.server.spawn(self.server.run(_RENEW, self.keys[1:2], [LEASE_SECONDS, *self._running]))
            self._arm()
