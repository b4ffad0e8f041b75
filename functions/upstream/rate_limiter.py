"""Limits the calls a second of one vendor action, counting the way the vendor does.

The vendor counts arrivals in its own second. A call counted when it is sent can arrive late and make the next second
overflow (docs/vendor.md 5.1: 43 of 30), so a call counts until one second after its **answer**. Bursts up to the rate
are allowed; waiters are served first come, first served. When the vendor throttles all the same, because others use the
account too, the rate is halved and recovers step by step (additive increase, multiplicative decrease: AIMD).
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, Protocol

WINDOW_SECONDS = 1.0
_DECREASE = 0.5
_RECOVERY_PER_SECOND = 0.05
"""Share of the full rate regained in a second without throttling: a halved rate is full again after 10 s."""
CALLS_PER_RESERVED_CALL = 8
"""A backlog of calls leaves one permit in so many unused."""


class Permit(Protocol):
    """The right to make one call now; of the two methods the first call counts."""

    def answered(self) -> None:
        """The call has ended, well or not: it stops counting a second from now."""

    def unused(self) -> None:
        """The call was never sent: it stops counting now."""


class Limiter(Protocol):
    """What paces the calls of one action: of this instance alone (`RateLimiter`), or of all (docs/fleet.md)."""

    async def acquire(self, reserve: Callable[[], int] = ...) -> Permit:
        """Wait for a permit; `reserve` says how many must be left for others."""

    def wait_for(self, calls: int = 1) -> float:
        """Seconds until the last of `calls` further calls can be sent, if nothing changes."""

    def throttled(self, retry_after: float | None = None) -> None:
        """The vendor throttled a call all the same."""

    def serve(self) -> None:
        """Grant what is free; to be called when a reserve may have changed."""

    @property
    def newcomers_share(self) -> int:
        """How many permits of a window a backlog leaves to those who come meanwhile."""

    @property
    def rate(self) -> float:
        """Calls a second it currently allows."""

    @property
    def queue_length(self) -> int:
        """How many callers wait for a permit."""


class _GiveBack(Protocol):
    def __call__(self, *, sent: bool) -> None: ...


class CountedPermit:
    """A `Permit` that its limiter counts until it is given back."""

    def __init__(self, give_back: _GiveBack) -> None:
        """`give_back` is called once."""
        self._give_back: _GiveBack | None = give_back

    def answered(self) -> None:
        """As `Permit` has it."""
        self._end(sent=True)

    def unused(self) -> None:
        """As `Permit` has it."""
        self._end(sent=False)

    def _end(self, *, sent: bool) -> None:
        if self._give_back is not None:
            give_back, self._give_back = self._give_back, None
            give_back(sent=sent)


class _Waiter(NamedTuple):
    turn: asyncio.Future[None]
    reserve: Callable[[], int]


class RateLimiter:
    """At most `rate` calls a second as the vendor counts them. Times are those of the running event loop."""

    def __init__(self, rate: float) -> None:
        """A rate below one means one call in 1/rate seconds."""
        self.capacity = max(1, math.floor(rate))
        self._hold = max(WINDOW_SECONDS, self.capacity / rate)
        self._allowed = float(self.capacity)
        self._running = 0
        self._returning: deque[float] = deque()
        self._waiters: deque[_Waiter] = deque()
        self._blocked_until = -math.inf
        self._decreased_at = self._recovered_at = -math.inf
        self._timer: asyncio.TimerHandle | None = None

    async def acquire(self, reserve: Callable[[], int] = lambda: 0) -> Permit:
        """Wait for a permit; `reserve` says how many must be left for others, and is asked again on every `serve`."""
        waiter = _Waiter(asyncio.get_running_loop().create_future(), reserve)
        self._waiters.append(waiter)
        self.serve()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            self._leave(waiter)
            raise
        return CountedPermit(self._returned)

    @property
    def newcomers_share(self) -> int:
        """How many permits of a window a backlog leaves to those who come meanwhile; few rates have one to spare."""
        return self.capacity // CALLS_PER_RESERVED_CALL

    def wait_for(self, calls: int = 1) -> float:
        """Seconds until the last of `calls` further calls can be sent, if nothing changes."""
        now = self._now()
        blocked = max(self._blocked_until - now, 0.0)
        free = max(self._free(now), 0)
        short = len(self._waiters) + calls - free
        if short <= 0:
            return 0.0
        soon = [max(at - now, blocked) for at in self._returning]
        returns = sorted(soon + [blocked + self._hold] * (self._running + free))
        # After the rate was halved more calls count than are allowed: the first to stop counting free no permit.
        returns = returns[-max(1, math.floor(self._allowed)) :] or [blocked]
        rounds, place = divmod(short - 1, len(returns))
        return returns[place] + rounds * self._hold

    def throttled(self, retry_after: float | None = None) -> None:
        """The vendor throttled a call: halve the rate, once per window only, as one burst is throttled many times."""
        now = self._now()
        if now - self._decreased_at >= WINDOW_SECONDS:
            self._recover(now)
            self._allowed = max(1.0, self._allowed * _DECREASE)
            self._decreased_at = self._recovered_at = now
        if retry_after:
            self._blocked_until = max(self._blocked_until, now + retry_after)

    def pause(self, seconds: float) -> None:
        """Grant nothing for so long: what was sent before is not known here."""
        self._blocked_until = max(self._blocked_until, self._now() + seconds)

    @property
    def rate(self) -> float:
        """Calls a second it currently allows."""
        self._recover(self._now())
        return math.floor(self._allowed) / self._hold

    @property
    def queue_length(self) -> int:
        """How many callers wait for a permit."""
        return len(self._waiters)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _free(self, now: float) -> int:
        if now < self._blocked_until:
            return 0
        self._recover(now)
        while self._returning and self._returning[0] <= now:
            self._returning.popleft()
        return math.floor(self._allowed) - self._running - len(self._returning)

    def _recover(self, now: float) -> None:
        if self._allowed < self.capacity and now > self._recovered_at:
            regained = (now - self._recovered_at) * self.capacity * _RECOVERY_PER_SECOND
            self._allowed = min(float(self.capacity), self._allowed + regained)
        self._recovered_at = now

    def _returned(self, *, sent: bool) -> None:
        self._running -= 1
        if sent:
            self._returning.append(self._now() + self._hold)
        self.serve()

    def serve(self) -> None:
        """Grant what is free, first come, first served; to be called when a reserve may have changed."""
        while self._waiters and self._free(self._now()) > self._waiters[0].reserve():
            turn = self._waiters.popleft().turn
            if not turn.done():
                self._running += 1
                turn.set_result(None)
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiters:
            return
        now = self._now()
        # At the latest after a window: a recovering rate frees permits without any call ending.
        moments = [now + WINDOW_SECONDS, *list(self._returning)[:1]]
        if self._blocked_until > now:
            moments = [self._blocked_until]
        self._timer = asyncio.get_running_loop().call_at(min(moments), self.serve)

    def _leave(self, waiter: _Waiter) -> None:
        with suppress(ValueError):
            self._waiters.remove(waiter)
            self.serve()  # those behind may need to leave less in reserve
            return
        turn = waiter.turn
        if turn.done() and not turn.cancelled():  # granted and cancelled at the same moment
            self._returned(sent=False)
