"""The call log: every call that reached the emulator, what was asked and what was answered."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable
from threading import Lock

import msgspec

KEPT = 500_000
"""Calls kept; older ones are forgotten, so that a benchmark left running does not eat the machine."""


class Call(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One call. `at` is its arrival in epoch seconds by the emulator's clock; `connection` numbers the TCP connection.

    `status` 0 means that no answer was sent (a reset, a hang); `code` is the error code of the answer, else "".
    """

    number: int
    at: float
    product: str
    action: str
    params: dict[str, str]
    access_key_id: str
    account: str
    status: int
    code: str
    request_id: str
    connection: int

    def about(self, name: str) -> bool:
        """Whether `name` is this call's action or its product."""
        return name in (self.action, self.product)


class CallLog:
    """Calls in order of arrival. Thread-safe; what it hands out never changes."""

    def __init__(self) -> None:
        """Empty."""
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._numbers = itertools.count(1)
        self._lock = Lock()

    def next_number(self) -> int:
        """The number of the call that just arrived."""
        return next(self._numbers)

    def append(self, call: Call) -> None:
        """Write down a call."""
        with self._lock:
            self._calls.append(call)

    def all(self) -> tuple[Call, ...]:
        """Every call since the start or the last `clear`, oldest first."""
        with self._lock:
            return tuple(self._calls)

    def of(self, action_or_product: str) -> tuple[Call, ...]:
        """The calls of one action (`DescribeRefreshTasks`) or one product (`vod`), oldest first."""
        return tuple(call for call in self.all() if call.about(action_or_product))

    def count(self, action_or_product: str | None = None) -> int:
        """How many calls there were, in all or of one action or product."""
        return len(self._calls) if action_or_product is None else len(self.of(action_or_product))

    def busiest_second(self, action_or_product: str) -> int:
        """The most calls that arrived within any sliding second, let through or not."""
        return _most_within(1.0, (call.at for call in self.of(action_or_product)))

    def clear(self) -> None:
        """Forget every call; numbers go on."""
        with self._lock:
            self._calls.clear()


def _most_within(seconds: float, arrivals: Iterable[float]) -> int:
    window: deque[float] = deque()
    most = 0
    for at in arrivals:
        window.append(at)
        while window[0] <= at - seconds:
            window.popleft()
        most = max(most, len(window))
    return most
