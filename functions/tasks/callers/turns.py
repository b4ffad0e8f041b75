"""Lets callers go on in turn with what takes vendor calls one after another, so that nobody waits for all of another's.

Vendor calls are served first come, first served (`upstream/rate_limiter.py`). So while several callers have lists open,
each goes on with one of them at a time: they share the rate evenly, however many one of them has opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from functions.tasks.callers.budget import limit_of

AT_ONCE_ALONE = 2
"""Of a caller while no other has any: who comes next then finds few calls waiting."""
AT_ONCE_BESIDE_OTHERS = 1


class Turn:
    """One thing that a caller has open."""

    def __init__(self) -> None:
        """Its turn has not come."""
        self._may_go_on = asyncio.Event()

    async def wait(self, deadline: float) -> bool:
        """Until it may go on; False where that is not before `deadline` (the loop's clock)."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._may_go_on.wait()
        except TimeoutError:
            return False
        return True

    def decide(self, *, may_go_on: bool) -> None:
        """Whether it may go on, from now on."""
        if may_go_on:
            self._may_go_on.set()
        else:
            self._may_go_on.clear()


class CallerTurns:
    """What the callers of an instance have open; of each caller the oldest goes first."""

    def __init__(self) -> None:
        """Nothing is open."""
        self._open: dict[str, list[Turn]] = {}

    @contextmanager
    def turn_of(self, caller: str) -> Iterator[Turn]:
        """One more that the caller has open."""
        turn = Turn()
        self._open.setdefault(caller, []).append(turn)
        self._decide()
        try:
            yield turn
        finally:
            self._open[caller].remove(turn)
            if not self._open[caller]:
                del self._open[caller]
            self._decide()

    def _decide(self) -> None:
        at_once = AT_ONCE_ALONE if len(self._open) == 1 else AT_ONCE_BESIDE_OTHERS
        for caller, turns in self._open.items():
            for number, turn in enumerate(turns, start=1):
                turn.decide(may_go_on=number <= limit_of(caller, at_once))
