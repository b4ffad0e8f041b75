"""ListObjectsV2: a page of a bucket's keys, in UTF-8 order."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from itertools import islice

from emulator.errors import ApiError
from emulator.http1 import Reply
from emulator.oss.asked import Asked, xml_date, xml_reply
from emulator.oss.objects import shown
from emulator.oss.refusals import INVALID_ARGUMENT
from emulator.oss.stored import StoredObject
from emulator.oss.xml import Pair

DEFAULT_KEYS, MOST_KEYS = 100, 1_000
AFTER_EVERYTHING_UNDER = "\U0010ffff"
"""Follows a common prefix in a token, so that the next page begins behind all that the prefix stands for."""
Entry = tuple[str, StoredObject | None]
"""A key with its object, or a common prefix with None."""


def list_objects_v2(asked: Asked) -> Reply:
    """ListObjectsV2: prefix, delimiter, start-after, continuation-token, max-keys (100; 1,000 at most)."""
    query = asked.query
    most = asked.number("max-keys", DEFAULT_KEYS, 1, MOST_KEYS)
    token = query.get("continuation-token")
    after = _key_in(token) if token else query.get("start-after", "")
    entries = _entries(asked, query.get("prefix", ""), query.get("delimiter", ""), after)
    page = list(islice(entries, most))
    more = next(entries, None) is not None
    return xml_reply("ListBucketResult", _head(asked, most, page, more=more) + _body(asked, page))


def _entries(asked: Asked, prefix: str, delimiter: str, after: str) -> Iterator[Entry]:
    objects = asked.bucket.objects
    folded = ""
    for key in sorted(key for key in objects if key > after and key.startswith(prefix)):
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            yield key, objects[key]
        elif (common := key[: cut + len(delimiter)]) != folded:
            folded = common
            yield common, None


def _head(asked: Asked, most: int, page: list[Entry], *, more: bool) -> list[Pair]:
    query, encoding = asked.query, asked.query.get("encoding-type")

    def echoed(name: str) -> str | None:
        return shown(query[name], encoding) if name in query else None

    return [
        ("Name", asked.bucket_name),
        ("Prefix", shown(query.get("prefix", ""), encoding)),
        ("StartAfter", echoed("start-after")),
        ("ContinuationToken", query.get("continuation-token")),
        ("Delimiter", echoed("delimiter")),
        ("MaxKeys", most),
        ("EncodingType", encoding),
        ("IsTruncated", more),
        ("NextContinuationToken", _token_after(page[-1]) if more else None),
        ("KeyCount", len(page)),
    ]


def _body(asked: Asked, page: Iterable[Entry]) -> list[Pair]:
    encoding = asked.query.get("encoding-type")
    owner = asked.bucket.settings.account if asked.query.get("fetch-owner") == "true" else None
    return [
        ("CommonPrefixes", [("Prefix", shown(key, encoding))])
        if stored is None
        else ("Contents", _contents(stored, encoding, owner))
        for key, stored in page
    ]


def _contents(stored: StoredObject, encoding: str | None, owner: str | None) -> list[Pair]:
    return [
        ("Key", shown(stored.key, encoding)),
        ("LastModified", xml_date(stored.modified)),
        ("ETag", stored.quoted_etag),
        ("Type", stored.content.kind),
        ("Size", stored.size),
        ("StorageClass", "Standard"),
        ("Owner", [("ID", owner), ("DisplayName", owner)] if owner else None),
    ]


def _token_after(entry: Entry) -> str:
    key, stored = entry
    place = key if stored else key + AFTER_EVERYTHING_UNDER
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _key_in(token: str) -> str:
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise ApiError(INVALID_ARGUMENT) from None
