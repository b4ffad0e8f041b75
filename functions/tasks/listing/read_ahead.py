"""What was read of a list beyond the page that was asked for, kept a short while for the next page.

It is a shortcut only: the token alone says where a list goes on, and an instance that has nothing here reads it again.
"""

from __future__ import annotations

from collections.abc import Mapping

from cachetools import LRUCache

from functions.model import Clock, Moment
from functions.tasks.listing.product_list import ProductList

KEPT_SECONDS = 60.0
MAX_ROWS = 50_000
"""Of all lists together; rows that successive pages have in common count twice, so it is less in truth."""


class ReadAheadCache:
    """Lists by page token. They are values: the same page can be asked for again and gets the same."""

    def __init__(self, clock: Clock) -> None:
        """Empty."""
        self._clock = clock
        self._kept: LRUCache[str, tuple[Moment, Mapping[str, ProductList]]] = LRUCache(MAX_ROWS, getsizeof=_size)

    def keep(self, token: str, lists: Mapping[str, ProductList]) -> None:
        """What has been read where `token` goes on."""
        entry = (self._clock.now(), lists)
        if _size(entry) <= MAX_ROWS:
            self._kept[token] = entry

    def at(self, token: str | None) -> Mapping[str, ProductList]:
        """By product, what is still at hand there."""
        kept = None if token is None else self._kept.get(token)
        if kept is None or kept[0].age_at(self._clock.now()) > KEPT_SECONDS:
            return {}
        return kept[1]

    def forget(self) -> None:
        """After a freeze all of it is old."""
        self._kept.clear()


def _size(entry: tuple[Moment, Mapping[str, ProductList]]) -> int:
    return 1 + sum(each.rows for each in entry[1].values())
