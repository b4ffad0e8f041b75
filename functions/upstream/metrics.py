"""Counts of one vendor action's calls, for `/healthz?verbose=1` and the log."""

from __future__ import annotations

import statistics
from collections import deque

import msgspec

_LATENCIES_KEPT = 32


class ActionStats(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Counts since this instance started. `rate` in calls a second; `latency` in seconds, the median of the last calls.

    `hits` are ids answered from the cache, `shared` ids that joined a call under way, `batch_fill` the mean number of
    ids in a batch.
    """

    action: str
    calls: int
    throttles: int
    retries: int
    faults: int
    hits: int
    shared: int
    batch_fill: float | None
    queue_length: int
    rate: float
    latency: float | None


class ActionMetrics:
    """Counters of one action; the members are counted up by those who call, batch and cache."""

    def __init__(self) -> None:
        """All zero."""
        self.calls = self.throttles = self.retries = self.faults = self.hits = self.shared = 0
        self._batches = self._ids = 0
        self._latencies: deque[float] = deque(maxlen=_LATENCIES_KEPT)

    def count_latency(self, seconds: float) -> None:
        """Count the time that one call took until it was answered."""
        self._latencies.append(seconds)

    def count_batch(self, ids: int) -> None:
        """Count one batch of `ids`."""
        self._batches += 1
        self._ids += ids

    @property
    def median_latency(self) -> float | None:
        """Seconds, over the last calls; None before the first."""
        return statistics.median(self._latencies) if self._latencies else None

    def stats(self, action: str, *, queue_length: int, rate: float) -> ActionStats:
        """The counts as they stand."""
        return ActionStats(
            action=action,
            calls=self.calls,
            throttles=self.throttles,
            retries=self.retries,
            faults=self.faults,
            hits=self.hits,
            shared=self.shared,
            batch_fill=round(self._ids / self._batches, 2) if self._batches else None,
            queue_length=queue_length,
            rate=round(rate, 2),
            latency=None if self.median_latency is None else round(self.median_latency, 4),
        )
