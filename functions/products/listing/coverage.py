"""Which tasks concern a URL: those of the URL itself, of a directory above it, of a pattern that matches it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

import msgspec

from functions.model import Row
from functions.products.listing.pages import VendorFilter
from functions.products.listing.url_pattern import parse_pattern
from functions.urls import InvalidUrl, normal_url, sendable_url, url_key

DIRECTORY, REGEX = "directory", "regex"


class Match(StrEnum):
    """How a row concerns a URL, the closest first."""

    EXACT = "exact"
    DIRECTORY = "directory"
    REGEX = "regex"


class Coverage(msgspec.Struct, frozen=True):
    """URLs as they are searched for; http and https stay different, as they are in caches."""

    urls: tuple[str, ...]

    def lists(self, object_types: Collection[str]) -> tuple[VendorFilter, ...]:
        """The lists to read: ObjectPath is exact, so each spelling is asked for; of `object_types` those that cover."""
        spellings = dict.fromkeys(spelling for url in self.urls for spelling in _spellings(url))
        exact = (VendorFilter(object_path=spelling) for spelling in spellings)
        return (*exact, *(VendorFilter(object_type=word) for word in (DIRECTORY, REGEX) if word in object_types))

    def match(self, object_path: str, object_type: str) -> Match | None:
        """How a row of this path and type concerns one of the URLs; the closest."""
        if object_path in self.urls:
            return Match.EXACT
        if object_type == REGEX:
            return Match.REGEX if self._matched_by(object_path) else None
        path, keys = url_key(object_path), [url_key(url) for url in self.urls]
        if path in keys:
            return Match.EXACT
        directory = path if path.endswith("/") else f"{path}/"
        covers = object_type == DIRECTORY and any(key.startswith(directory) for key in keys)
        return Match.DIRECTORY if covers else None

    def closest(self, rows: Iterable[Row]) -> Match | None:
        """The closest match among the rows."""
        found = {self.match(row.object_path, row.object_type) for row in rows}
        return next((match for match in Match if match in found), None)

    def by_task(self, rows: Iterable[Row]) -> dict[str, Match]:
        """The closest match of each task that has one, by TaskId, in the order of the rows."""
        tasks: dict[str, list[Row]] = {}
        for row in rows:
            tasks.setdefault(row.task_id, []).append(row)
        return {task_id: match for task_id, own in tasks.items() if (match := self.closest(own))}

    def _matched_by(self, expression: str) -> bool:
        pattern = parse_pattern(expression)
        return pattern is not None and any(
            pattern.matches(spelling) for url in self.urls for spelling in _spellings(url)
        )


def _spellings(url: str) -> tuple[str, ...]:
    """As it was written, as it can be sent, and in normal form: the vendor keeps what was submitted."""
    try:
        return tuple(dict.fromkeys((url, sendable_url(url), normal_url(url))))
    except InvalidUrl:
        return (url,)
