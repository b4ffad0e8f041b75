"""Which rows answer a list question, judged here row by row: the vendor's filters only narrow what has to be read."""

from __future__ import annotations

from collections.abc import Iterable

from functions.model import Row
from functions.products.listing.coverage import Coverage
from functions.products.reading.vocabulary import OBJECT_TYPES, action_of
from functions.tasks.query import ListQuery
from functions.urls import host_of, is_within


class RowFilter:
    """The test for one question."""

    def __init__(self, query: ListQuery) -> None:
        """`query` and whoever asks it."""
        self._query = query
        self.coverage = Coverage(query.object_paths)
        self._types = frozenset(normal_type(word) for word in query.object_types)
        self._audience = query.scope.audience

    def chooses(self, rows: Iterable[Row]) -> bool:
        """Whether a task with these rows is listed: one matches every filter, and may be seen by the caller."""
        return any(map(self._matches, rows))

    def can_judge(self, row: Row) -> bool:
        """Whether the row tells all that is asked for; the host of a regular expression may be the vendor's to know."""
        return self._query.domain_name is None or host_of(row.object_path) is not None

    def _matches(self, row: Row) -> bool:
        query = self._query
        return (
            (not query.object_paths or self.coverage.match(row.object_path, row.object_type) is not None)
            and (not self._types or row.object_type in self._types)
            and (not query.statuses or row.status in query.statuses)
            and (query.action is None or action_of(row.object_type) == query.action)
            and (query.domain_name is None or _may_be_of(row, query.domain_name))
            and self._audience.shows(row.object_path)
        )


def _may_be_of(row: Row, domain: str) -> bool:
    """A row whose host cannot be told was found by the vendor's own filter, or it may be of that domain."""
    host = host_of(row.object_path)
    return host is None or is_within(host, domain)


def normal_type(word: str) -> str:
    """An ObjectType as it stands in answers: somebody may ask in the words of one product."""
    return OBJECT_TYPES.get(word, word)
