"""The ids that this instance waits for, and what the shared server knows of each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from enum import Enum

from functions.products.lookup.loader import LookupResult
from functions.products.lookup.principal import WantedId
from functions.products.shared.answers import member_of
from functions.upstream.batcher import InFlight
from functions.upstream.fair_queue import Lane


class State(Enum):
    """What the server knows of an id that is waited for here."""

    UNSAID = "unsaid"
    WAITING = "waiting"
    IN_FLIGHT = "in flight"
    TAKEN = "taken"
    """In flight by a call of this instance."""


class SharedFlight(InFlight[WantedId, LookupResult]):
    """One id. `any_answer`: what the server has from now on was learned after this began to wait.

    Until then an answer must be `fresh_for` everybody who waits.
    `seen` is the time of the newest answer that is known here, on the server's clock. `alone` is the flight of this
    instance's own batcher that answers in the end, once the server was lost.
    """

    def __init__(self, key: WantedId, caller: str, deadline: float, lane: Lane, now: float) -> None:
        """`deadline` and `now` are on the loop's clock."""
        super().__init__(key, caller, deadline, skip_linger=False, now=now)
        self.member = member_of(key)
        self.lane = lane
        self.state = State.UNSAID
        self.seen = 0.0
        self.any_answer = False
        self.fresh_for: list[Callable[[WantedId], bool]] = []
        self.alone: InFlight[WantedId, LookupResult] | None = None

    def follow(self, alone: InFlight[WantedId, LookupResult]) -> None:
        """Take over the result of that flight."""
        self.alone = alone
        alone.result.add_done_callback(self._take_over)

    def _take_over(self, result: asyncio.Future[LookupResult]) -> None:
        if self.result.done():
            return
        if result.cancelled():
            self.result.cancel()
        else:
            self.batch = self.alone.batch if self.alone else None
            self.result.set_result(result.result())


class SharedFlights:
    """Flights without a result, by id."""

    def __init__(self) -> None:
        """None."""
        self._by_key: dict[WantedId, SharedFlight] = {}
        self._of_caller: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._by_key)

    def __iter__(self) -> Iterator[SharedFlight]:
        """All of them, as they are now."""
        return iter(tuple(self._by_key.values()))

    def get(self, key: WantedId) -> SharedFlight | None:
        """The flight of an id."""
        return self._by_key.get(key)

    def add(self, flight: SharedFlight) -> None:
        """One more."""
        self._by_key[flight.key] = flight
        self._of_caller[flight.caller] += 1

    def wanted_too(self, flight: SharedFlight, lane: Lane, caller: str) -> None:
        """Another caller wants it: it waits in the turn of who has fewer, which comes sooner."""
        still_waits = flight.state in {State.UNSAID, State.WAITING}
        if still_waits and self._of_caller[caller] + 1 < self._of_caller[flight.caller]:
            self._of_caller[flight.caller] -= 1
            self._of_caller[caller] += 1
            flight.caller, flight.lane, flight.state = caller, lane, State.UNSAID

    def of(self, state: State) -> list[SharedFlight]:
        """Those in a state."""
        return [flight for flight in self._by_key.values() if flight.state is state]

    def by_member(self) -> dict[str, SharedFlight]:
        """All of them, by the name that instances use."""
        return {flight.member: flight for flight in self._by_key.values()}

    def resolve(self, flight: SharedFlight, result: LookupResult) -> None:
        """Give it a result."""
        if not flight.result.done():
            flight.result.set_result(result)
        self.forget(flight)

    def forget(self, flight: SharedFlight) -> None:
        """Nobody waits for it, or others see to it."""
        if self._by_key.get(flight.key) is flight:
            del self._by_key[flight.key]
            self._of_caller[flight.caller] -= 1
            if not self._of_caller[flight.caller]:
                del self._of_caller[flight.caller]

    def deadline(self, default: float) -> float:
        """The latest of all, on the loop's clock; `default` where there is none."""
        return max((flight.deadline for flight in self._by_key.values()), default=default)
