"""A queue that serves its callers in turn, so that a caller with many items does not delay one with few.

Items wait in one of two lanes. The lanes are served alternately, and within a lane so are the callers (round robin with
a quantum of one item: all items cost the same). A lane or caller without items gives its turn away.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from enum import Enum
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Lane(Enum):
    """What an item is about: an answer that somebody has seen and that becomes old, or one that nobody has yet.

    Half of the capacity is reserved for each, so that made-up ids cannot delay the tasks that people look at.
    """

    KNOWN = "known"
    NEW = "new"

    @property
    def other(self) -> Lane:
        """The lane whose turn is next."""
        return Lane.NEW if self is Lane.KNOWN else Lane.KNOWN


_Place = tuple[Lane, str]
"""A lane, and the caller in whose queue of that lane an item stands."""


class FairQueue(Generic[K, T]):
    """Items by key. An item that several callers want stands in the queue of each, and is served at the first turn."""

    def __init__(self) -> None:
        """Empty."""
        self._places: dict[K, dict[_Place, None]] = {}
        self._lanes: dict[Lane, OrderedDict[str, dict[K, T]]] = {lane: OrderedDict() for lane in Lane}
        self._sizes = dict.fromkeys(Lane, 0)
        self._turn = Lane.KNOWN

    def __len__(self) -> int:
        """How many items wait."""
        return len(self._places)

    def __iter__(self) -> Iterator[T]:
        """All items, the oldest first."""
        for key in self._places:
            item = self.get(key)
            if item is not None:
                yield item

    def get(self, key: K) -> T | None:
        """The item that waits under `key`."""
        for lane, caller in self._places.get(key, ()):
            return self._lanes[lane][caller][key]
        return None

    @property
    def callers(self) -> set[str]:
        """Whose turn will come."""
        return {caller for queues in self._lanes.values() for caller in queues}

    def push(self, key: K, item: T, *, lane: Lane, caller: str) -> None:
        """Add an item at the end of a caller's queue, or, if it waits already, let it wait there too."""
        places = self._places.setdefault(key, {})
        if (lane, caller) not in places:
            places[lane, caller] = None
            self._lanes[lane].setdefault(caller, {})[key] = item
            self._sizes[lane] += 1

    def pop(self, key: K) -> T:
        """Take the item under `key` out of its turn, wherever it waits."""
        item, *_ = [self._removed(key, place) for place in self._places.pop(key)]
        return item

    def _removed(self, key: K, place: _Place) -> T:
        lane, caller = place
        items = self._lanes[lane][caller]
        item = items.pop(key)
        self._sizes[lane] -= 1
        if not items:
            del self._lanes[lane][caller]
        return item

    def take(self, count: int) -> tuple[T, ...]:
        """The next items, at most `count`."""
        return tuple(self._next() for _ in range(min(count, len(self))))

    def ahead_of(self, further: int, *, lane: Lane, caller: str) -> int:
        """How many items are served up to and including the last of so many `further` items of the caller."""
        queues = self._lanes[lane]
        own = len(queues.get(caller, ())) + further
        in_lane = own + sum(min(len(items), own) for other, items in queues.items() if other != caller)
        return in_lane + min(self._sizes[lane.other], in_lane)

    def _next(self) -> T:
        lane = self._turn if self._lanes[self._turn] else self._turn.other
        self._turn = lane.other
        caller, items = next(iter(self._lanes[lane].items()))
        self._lanes[lane].move_to_end(caller)
        return self.pop(next(iter(items)))
