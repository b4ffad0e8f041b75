"""ESA's task rows, read as those of the other products once their members have the same names."""

from __future__ import annotations

import re
from typing import Any

from functions.products.reading.rows import Members, ParsedRows, read_tasks, read_time
from functions.products.reading.vocabulary import Vocabulary

PRELOAD = "preload"
_CLOCK_SKEW_SECONDS = 300.0
_NO_ZONE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def read_rows(body: Any, words: Vocabulary, *, product: str, object_type: str, now: float) -> ParsedRows:
    """Every task row in `body`; `object_type` is that of rows that name none. Raises UpstreamFault(MALFORMED).

    `now` in seconds of the epoch: a creation time that would lie ahead is not known.
    """
    latest = now + _CLOCK_SKEW_SECONDS

    def rename(row: Members) -> Members:
        return {
            **row,
            "ObjectPath": row.get("Content"),
            "ObjectType": row.get("Type") or object_type,
            "CreationTime": _utc(row.get("CreateTime"), latest),
        }

    return read_tasks(body, words, product=product, rename=rename)


def _utc(value: Any, latest: float) -> str | None:
    """A time without a zone is taken for UTC, which the requests' times must be in (docs/vendor.md 9)."""
    text = value.strip().replace("+Z", "Z") if isinstance(value, str) else ""
    text += "Z" if _NO_ZONE.fullmatch(text) else ""
    time = read_time(text)
    return text if time is not None and time.timestamp() <= latest else None
