"""The header Idempotency-Key: a repeated request gets the first answer instead of a second effect.

Answers are known to this instance only; another one would do the work again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from cachetools import LRUCache

from functions.api.problems import RequestRefused
from functions.errors import InvalidRequest, ParameterFault
from functions.model import Clock, Moment

KEPT_SECONDS = 600.0
MAX_BYTES = 16 * 1024 * 1024
HEADER = "Idempotency-Key"
_ENTRY_BYTES = 1_024
"""What an entry costs beside its answer; with it the number of entries is bounded too."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

T = TypeVar("T")
Identity = tuple[str, str]
"""The caller and the key: two callers may choose the same key."""


@dataclass
class _Entry(Generic[T]):
    """A request, and its answer once there is one."""

    fingerprint: bytes
    since: Moment
    work: asyncio.Task[T]
    size: int = field(default=_ENTRY_BYTES)


class IdempotencyCache(Generic[T]):
    """Answers of the last ten minutes by caller and key, within a bound of memory: the least recently used go first."""

    def __init__(self, clock: Clock, size_of: Callable[[T], int], has_effect: Callable[[T], bool]) -> None:
        """An answer takes `size_of` bytes; one that had no effect is not kept, so that the same can be tried again."""
        self._clock = clock
        self._size_of = size_of
        self._has_effect = has_effect
        self._in_flight: dict[Identity, _Entry[T]] = {}
        self._kept: LRUCache[Identity, _Entry[T]] = LRUCache(MAX_BYTES, getsizeof=lambda entry: entry.size)

    async def once(self, identity: Identity, fingerprint: bytes, work: Callable[[], Awaitable[T]]) -> T:
        """The answer of `work`, or the earlier answer to the same request. Raises RequestRefused for another body.

        A caller that disconnects does not stop the work: its answer is there when the request is repeated.
        """
        entry = self._known(identity)
        if entry is None:
            entry = self._begin(identity, fingerprint, work)
        elif entry.fingerprint != fingerprint:
            raise RequestRefused(
                "idempotency-key-reused", f"Another request came with this {HEADER}; choose a new one."
            )
        return await asyncio.shield(entry.work)

    def _known(self, identity: Identity) -> _Entry[T] | None:
        entry = self._in_flight.get(identity) or self._kept.get(identity)
        if entry and entry.work.done() and entry.since.age_at(self._clock.now()) >= KEPT_SECONDS:
            del self._kept[identity]
            return None
        return entry

    def _begin(self, identity: Identity, fingerprint: bytes, work: Callable[[], Awaitable[T]]) -> _Entry[T]:
        async def worked() -> T:
            return await work()

        entry = _Entry(fingerprint, self._clock.now(), asyncio.create_task(worked()))
        self._in_flight[identity] = entry
        entry.work.add_done_callback(lambda _: self._finished(identity, entry))
        return entry

    def _finished(self, identity: Identity, entry: _Entry[T]) -> None:
        del self._in_flight[identity]
        # An unforeseen failure may have had an effect, so it is kept as the answer.
        failed = entry.work.cancelled() or entry.work.exception() is not None
        if failed or self._has_effect(entry.work.result()):
            entry.size += 0 if failed else self._size_of(entry.work.result())
            if entry.size <= MAX_BYTES:
                self._kept[identity] = entry


def key_in(values: list[str]) -> str | None:
    """The key in a header's values, None when it was not sent. Raises InvalidRequest."""
    if not values:
        return None
    if len(values) > 1 or not _KEY.fullmatch(values[0]):
        rule = "it must be sent once, with 1 to 255 visible ASCII characters"
        raise InvalidRequest((ParameterFault(parameter=HEADER, value=None, detail=rule),))
    return values[0]
