"""Which faults are switched on, for which calls, and how often yet."""

from __future__ import annotations

from threading import Lock

import msgspec

from emulator.faults import AnyFault, Fault
from emulator.latency import EVERY


class SwitchedOn(msgspec.Struct, frozen=True):
    """A fault and whom it meets: `action` is an action, a product or `*`; `times` left, None until cleared."""

    action: str
    fault: AnyFault
    times: int | None = None

    def meets(self, action: str, product: str) -> bool:
        """Whether a call of `action` of `product` is met."""
        return self.action in (action, product, EVERY)


class Faults:
    """The faults that are on, in the order they were added. Thread-safe."""

    def __init__(self) -> None:
        """None."""
        self._on: list[SwitchedOn] = []
        self._lock = Lock()

    def add(self, action: str, fault: AnyFault, *, times: int | None = None) -> None:
        """Let the next `times` calls (None: all, until cleared) of `action`, of a product, or of `*` meet `fault`."""
        with self._lock:
            self._on.append(SwitchedOn(action, fault, times))

    def clear(self, action: str | None = None) -> None:
        """Switch all off, or those added under exactly this name."""
        with self._lock:
            self._on = [] if action is None else [entry for entry in self._on if entry.action != action]

    def all(self) -> tuple[SwitchedOn, ...]:
        """What is on, with what is left of it."""
        with self._lock:
            return tuple(self._on)

    def take(self, action: str, product: str) -> Fault | None:
        """The fault that this call meets: the first added that matches. Counts as one of its times."""
        if not self._on:
            return None
        with self._lock:
            for place, entry in enumerate(self._on):
                if entry.meets(action, product):
                    self._used(place, entry)
                    return entry.fault
        return None

    def _used(self, place: int, entry: SwitchedOn) -> None:
        if entry.times is None:
            return
        if entry.times <= 1:
            del self._on[place]
        else:
            self._on[place] = msgspec.structs.replace(entry, times=entry.times - 1)
