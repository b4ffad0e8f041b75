"""Timer triggers: a tick every so many seconds, as Function Compute's timer sends it (docs/function-compute.md 5.8)."""

from __future__ import annotations

import asyncio
from threading import Lock

import msgspec

from emulator.core.background import Background
from emulator.core.clock import Clock, rfc3339
from emulator.events.delivery import EventSender, Invocation

MINUTE = 60.0


class Timer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trigger; `url` is the function's base, the first tick comes after `seconds`."""

    url: str
    seconds: float = MINUTE
    name: str = "sweep"
    payload: str = "sweep"

    def __post_init__(self) -> None:
        """Raises ValueError for a timer that would never rest."""
        if self.seconds <= 0:
            raise ValueError(f"seconds: {self.seconds!r} is not more than 0")

    def tick(self, now: float) -> Invocation:
        """The event of one tick, in the vendor's three members."""
        event = {"triggerTime": rfc3339(now), "triggerName": self.name, "payload": self.payload}
        return Invocation(url=self.url, kind="timer", key=self.name, body=msgspec.json.encode(event))


class Timers:
    """The timers that are on. Thread-safe; they go by real time."""

    def __init__(self, clock: Clock, background: Background, sender: EventSender) -> None:
        """`clock` is what the ticks say; `sender` delivers them."""
        self._clock = clock
        self._background = background
        self._sender = sender
        self._lock = Lock()
        self._on: list[Timer] = []

    def add(self, timer: Timer) -> None:
        """Let it tick."""
        with self._lock:
            self._on.append(timer)
        self._background.begin(lambda: self._run(timer))

    def clear(self) -> None:
        """No tick any more."""
        with self._lock:
            self._on = []

    def send_tick(self, timer: Timer) -> None:
        """One tick now, beside those of the timers; returns at once."""
        self._sender.send(timer.tick(self._clock.now()))

    async def _run(self, timer: Timer) -> None:
        # A tick ends before the next begins, as a sweep of 50 s does under the real timer's minute.
        await asyncio.sleep(timer.seconds)
        while any(timer is each for each in self._on):
            await asyncio.gather(self._sender.deliver(timer.tick(self._clock.now())), asyncio.sleep(timer.seconds))
