"""Which folders of the index by URL a task is filed in, and which of them a question reads.

A question finds what covers its URL, too (docs/contract.md 4.1): it reads the folders of the URL, of every directory
above it, of all regular expressions, and of the tasks with very many rows on its host. A folder may hold more than what
concerns the URL; whoever reads it judges the rows themselves.
"""

from __future__ import annotations

from collections.abc import Iterable

from functions.model import Row, TaskSnapshot
from functions.products.listing.coverage import DIRECTORY, REGEX
from functions.tasks.history.keys import Entry, day_folder, entry_name, url_folder
from functions.urls import host_of, url_key

MAX_FOLDERS = 100
"""A task is filed in so many folders at most; one of more URLs is filed by its hosts."""


def entries_of(snapshot: TaskSnapshot) -> tuple[str, ...]:
    """The keys of a task in all indexes; none without a time of creation, as lists go by it."""
    if snapshot.created_at is None:
        return ()
    product, second = snapshot.key.product, int(snapshot.created_at.timestamp())
    folders = (day_folder(product, second), *(url_folder(product, word) for word in _filed_as(snapshot.rows)))
    return tuple(f"{folder}{entry_name(Entry(second, snapshot.key.task_id))}" for folder in folders)


def folders_about(product: str, urls: Iterable[str]) -> tuple[str, ...]:
    """The folders with every task that may concern one of the URLs."""
    words = (word for url in urls for word in _asked_as(url_key(url)))
    return tuple(url_folder(product, word) for word in dict.fromkeys(words))


def _filed_as(rows: Iterable[Row]) -> frozenset[str]:
    words = frozenset(map(_row_word, rows))
    return words if len(words) <= MAX_FOLDERS else frozenset(_host_word(row.object_path) for row in rows)


def _row_word(row: Row) -> str:
    if row.object_type == REGEX:
        return REGEX
    url = url_key(row.object_path)
    return f"{DIRECTORY} {_as_directory(url)}" if row.object_type == DIRECTORY else url


def _host_word(url: str) -> str:
    """A row whose host cannot be told is a regular expression, or may be one."""
    host = host_of(url)
    return REGEX if host is None else f"host {host}"


def _asked_as(url: str) -> Iterable[str]:
    yield url
    yield REGEX
    yield _host_word(url)
    yield f"{DIRECTORY} {_as_directory(url)}"
    yield from (f"{DIRECTORY} {url[: end + 1]}" for end, letter in enumerate(url) if letter == "/")


def _as_directory(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"
