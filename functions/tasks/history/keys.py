"""Where things lie in the store, below `tasks/<product>/`.

    ids/<task id>.json                       the task: a StoredTask
    <yyyy-mm-dd>/<countdown>-<task id>       empty: it was created on that day, in UTC
    urls/<digest>/<countdown>-<task id>      empty: it has a row that concerns that URL (filing.py)

The countdown is what is left of ten digits of seconds: a store lists keys in their order, so the newest task comes
first.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime

import msgspec

from functions.model import TaskKey

_LAST_SECOND = 9_999_999_999
_ENTRY = re.compile(r"([0-9]{10})-([0-9]{1,30})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Entry(msgspec.Struct, frozen=True):
    """A task that an index names, and the second of its creation."""

    second: int
    task_id: str


def document_of(key: TaskKey) -> str:
    """Where the task itself lies."""
    return f"{folder_of(key.product)}ids/{key.task_id}.json"


def folder_of(product: str) -> str:
    """What a product's tasks and indexes lie in."""
    return f"tasks/{product}/"


def day_folder(product: str, second: int) -> str:
    """The index of the day that `second` is in."""
    return f"{folder_of(product)}{datetime.fromtimestamp(second, UTC):%Y-%m-%d}/"


def is_day_folder(folder: str) -> bool:
    """Whether a folder of a product is the index of a day."""
    return _DAY.fullmatch(folder.rstrip("/").rpartition("/")[2]) is not None


def url_folder(product: str, filed_as: str) -> str:
    """The index of what is filed under one word."""
    return f"{folder_of(product)}urls/{hashlib.blake2b(filed_as.encode(), digest_size=16).hexdigest()}/"


def entry_name(entry: Entry) -> str:
    """The last part of the entry's key."""
    return f"{beginning_of(entry.second)}-{entry.task_id}"


def beginning_of(second: int) -> str:
    """What sorts before the names of all entries of this second and older ones, and behind the newer ones."""
    return f"{_LAST_SECOND - second:010d}"


def read_entry(key: str) -> Entry | None:
    """The entry of a key; None where somebody else wrote it."""
    found = _ENTRY.fullmatch(key.rpartition("/")[2])
    return Entry(_LAST_SECOND - int(found[1]), found[2]) if found else None
