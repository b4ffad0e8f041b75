"""Which rows answer a list question, judged here row by row: the vendor's filters only narrow what has to be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from functions.model import Row
from functions.products.vocabulary import OBJECT_TYPES, action_of
from functions.tasks.query import ListQuery
from functions.urls import host_of

Chooses = Callable[[Iterable[Row]], bool]
"""Whether a task with these rows is listed: at least one of them matches every filter, and the caller may see it."""


def chooser(query: ListQuery) -> Chooses:
    """The test for one question."""
    paths = frozenset(query.object_paths)
    types = frozenset(normal_type(word) for word in query.object_types)
    statuses = frozenset(query.statuses)
    domain = query.domain_name and query.domain_name.lower()

    def matches(row: Row) -> bool:
        return (
            (not paths or row.object_path in paths)
            and (not types or row.object_type in types)
            and (not statuses or row.status in statuses)
            and (query.action is None or action_of(row.object_type) == query.action)
            # A host that cannot be told was found by the vendor's own filter, or it may be of that domain.
            and (domain is None or host_of(row.object_path) in {None, domain})
            and query.scope.audience.shows(row.object_path)
        )

    return lambda rows: any(matches(row) for row in rows)


def normal_type(word: str) -> str:
    """An ObjectType as it stands in answers: somebody may ask in the words of one product."""
    return OBJECT_TYPES.get(word, word)
