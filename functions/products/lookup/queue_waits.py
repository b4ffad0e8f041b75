"""How long further ids of one request would wait for their call."""

from __future__ import annotations

from typing import Any

from functions.products.lookup.principal import WantedId
from functions.upstream.batcher import Flights
from functions.upstream.caller import ActionCaller
from functions.upstream.fair_queue import Lane


class QueueWaits:
    """Seconds that one further id would wait for its call; computed once per call, not per id."""

    def __init__(self, action: ActionCaller, batcher: Flights[WantedId, Any], caller: str) -> None:
        """`caller` is whose turn the ids wait for."""
        self._caller = action
        self._batcher = batcher
        self._name = caller
        self._admitted = dict.fromkeys(Lane, 0)
        self._by_call: dict[int, float] = {}

    def count(self, lane: Lane) -> None:
        """Count one more admitted id."""
        self._admitted[lane] += 1

    def next(self, lane: Lane) -> float:
        """Seconds for the next id of a lane."""
        call = self._batcher.calls_for(self._admitted[lane] + 1, lane=lane, caller=self._name)
        if call not in self._by_call:
            self._by_call[call] = self._caller.limiter.wait_for(call)
        return self._by_call[call]
