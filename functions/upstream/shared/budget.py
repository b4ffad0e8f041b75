"""What callers use of all instances together: what they have open, and what they spent in a window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from functions.upstream.shared.scripts import script
from functions.upstream.shared.server import ServerAway, SharedServer

LEASE_SECONDS = 3.0
RENEWAL_SECONDS = 1.0
_OPEN = script("open", "limiter")
_SPEND = script("spend", "limiter")


class Bound(msgspec.Struct, frozen=True):
    """How much of something a caller has open on this instance, and may have open on all."""

    used: int
    limit: int


class Window(msgspec.Struct, frozen=True):
    """`count` to be spent (below 0: given back) of at most `limit` in any `seconds`."""

    name: str
    count: int
    seconds: float
    limit: int


class Refusal(msgspec.Struct, frozen=True):
    """The place of the bound or window that has too little left, and in how many seconds it may have enough."""

    place: int
    retry_after: int


class SharedBudget:
    """One instance's view. While the server is away nothing is refused here: the instance has bounds of its own."""

    def __init__(self, server: SharedServer, open_now: Callable[[str], Sequence[Bound]]) -> None:
        """`open_now` tells what a caller has open on this instance; nothing when it is all 0."""
        self._server = server
        self._open_now = open_now
        self._said: dict[str, tuple[float, tuple[int, ...]]] = {}
        self._renewal: asyncio.TimerHandle | None = None

    async def opened(self, caller: str) -> Refusal | None:
        """The caller has opened more on this instance: a refusal where that is too much over all."""
        bounds = self._open_now(caller)
        until, said = self._said.get(caller, (0.0, ()))
        here = tuple(bound.used for bound in bounds)
        fits = len(said) == len(here) and all(used <= told for used, told in zip(here, said, strict=True))
        if fits and asyncio.get_running_loop().time() < until:
            return None
        try:
            refused = await self._say(caller, bounds)
        except ServerAway:
            return None
        return Refusal(refused - 1, 1) if refused else None

    async def spend(self, caller: str, windows: Sequence[Window]) -> Refusal | None:
        """Spend from all windows, or from none and a refusal."""
        keys = [self._server.key(f"caller:{caller}", window.name) for window in windows]
        arguments: list[str | bytes | float] = [
            part for window in windows for part in (window.count, window.seconds, window.limit)
        ]
        try:
            refused, wait = await self._server.run(_SPEND, keys, arguments)
        except ServerAway:
            return None
        return Refusal(refused - 1, max(wait, 1)) if refused else None

    async def _say(self, caller: str, bounds: Sequence[Bound]) -> int:
        arguments: list[str | bytes | float] = [part for bound in bounds for part in (bound.used, bound.limit)]
        keys = [self._server.key(f"caller:{caller}", "open")]
        (refused,) = await self._server.run(_OPEN, keys, [self._server.instance, LEASE_SECONDS, *arguments])
        if not refused:
            until = asyncio.get_running_loop().time() + LEASE_SECONDS - RENEWAL_SECONDS
            self._said[caller] = (until, tuple(bound.used for bound in bounds))
            self._arm()
        return int(refused)

    def _arm(self) -> None:
        if self._renewal is None and self._said:
            self._renewal = asyncio.get_running_loop().call_later(RENEWAL_SECONDS, self._renew)

    def _renew(self) -> None:
        """Say what is open still; what is not any more lapses."""
        self._renewal = None
        now = asyncio.get_running_loop().time()
        for caller, (until, _) in tuple(self._said.items()):
            bounds = self._open_now(caller)
            if any(bound.used for bound in bounds):
                self._server.spawn(self._say(caller, bounds))
            elif now >= until:
                del self._said[caller]
        self._arm()
