"""Which faults are active, for which calls, and how often yet."""

from __future__ import annotations

from threading import Lock

import msgspec

from emulator.core.faults import AnyFault, Fault
from emulator.core.latency import EVERY


class ActiveFault(msgspec.Struct, frozen=True):
    """A fault and the calls it meets: `action` is an action, a product or `*`; `times` left, None until cleared."""

    action: str
    fault: AnyFault
    times: int | None = None

    def matches(self, action: str, product: str) -> bool:
        """Whether a call of `action` of `product` meets it."""
        return self.action in (action, product, EVERY)


class FaultRegistry:
    """The active faults, in the order they were added. Thread-safe."""

    def __init__(self) -> None:
        """None."""
        self._active: list[ActiveFault] = []
        self._lock = Lock()

    def add(self, action: str, fault: AnyFault, *, times: int | None = None) -> None:
        """Let the next `times` calls (None: all, until cleared) of `action`, of a product, or of `*` meet `fault`."""
        with self._lock:
            self._active.append(ActiveFault(action, fault, times))

    def clear(self, action: str | None = None) -> None:
        """Remove all, or those added under exactly this name."""
        with self._lock:
            self._active = [] if action is None else [entry for entry in self._active if entry.action != action]

    def all(self) -> tuple[ActiveFault, ...]:
        """The active faults, with what is left of them."""
        with self._lock:
            return tuple(self._active)

    def take(self, action: str, product: str) -> Fault | None:
        """The fault that this call meets: the first added that matches. Counts as one of its times."""
        if not self._active:
            return None
        with self._lock:
            for place, entry in enumerate(self._active):
                if entry.matches(action, product):
                    self._count(place, entry)
                    return entry.fault
        return None

    def _count(self, place: int, entry: ActiveFault) -> None:
        if entry.times is None:
            return
        if entry.times <= 1:
            del self._active[place]
        else:
            self._active[place] = msgspec.structs.replace(entry, times=entry.times - 1)
