"""ListObjectsV2: a page of a bucket's keys, in UTF-8 order."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from itertools import islice

from emulator.core.errors import ApiError
from emulator.core.responses import Response
from emulator.oss.errors import INVALID_ARGUMENT
from emulator.oss.models import StoredObject
from emulator.oss.requests import OssRequest
from emulator.oss.responses import encode_key, xml_date, xml_response
from emulator.oss.xml import Pair

DEFAULT_KEYS, MOST_KEYS = 100, 1_000
AFTER_EVERYTHING_UNDER = "\U0010ffff"
"""Follows a common prefix in a token, so that the next page begins behind all that the prefix stands for."""
Entry = tuple[str, StoredObject | None]
"""A key with its object, or a common prefix with None."""


def list_objects_v2(request: OssRequest) -> Response:
    """ListObjectsV2: prefix, delimiter, start-after, continuation-token, max-keys (100; 1,000 at most)."""
    query = request.query
    most = request.number("max-keys", DEFAULT_KEYS, 1, MOST_KEYS)
    token = query.get("continuation-token")
    after = _key_in(token) if token else query.get("start-after", "")
    entries = _entries(request, query.get("prefix", ""), query.get("delimiter", ""), after)
    page = list(islice(entries, most))
    more = next(entries, None) is not None
    return xml_response("ListBucketResult", _head(request, most, page, more=more) + _body(request, page))


def _entries(request: OssRequest, prefix: str, delimiter: str, after: str) -> Iterator[Entry]:
    objects = request.bucket.objects
    folded = ""
    for key in sorted(key for key in objects if key > after and key.startswith(prefix)):
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            yield key, objects[key]
        elif (common := key[: cut + len(delimiter)]) != folded:
            folded = common
            yield common, None


def _head(request: OssRequest, most: int, page: list[Entry], *, more: bool) -> list[Pair]:
    query, encoding = request.query, request.encoding

    def echoed(name: str) -> str | None:
        return encode_key(query[name], encoding) if name in query else None

    return [
        ("Name", request.bucket_name),
        ("Prefix", encode_key(query.get("prefix", ""), encoding)),
        ("StartAfter", echoed("start-after")),
        ("ContinuationToken", query.get("continuation-token")),
        ("Delimiter", echoed("delimiter")),
        ("MaxKeys", most),
        ("EncodingType", encoding),
        ("IsTruncated", more),
        ("NextContinuationToken", _token_after(page[-1]) if more else None),
        ("KeyCount", len(page)),
    ]


def _body(request: OssRequest, page: Iterable[Entry]) -> list[Pair]:
    encoding = request.encoding
    owner = request.bucket.settings.account if request.query.get("fetch-owner") == "true" else None
    return [
        ("CommonPrefixes", [("Prefix", encode_key(key, encoding))])
        if stored is None
        else ("Contents", _contents(stored, encoding, owner))
        for key, stored in page
    ]


def _contents(stored: StoredObject, encoding: str | None, owner: str | None) -> list[Pair]:
    return [
        ("Key", encode_key(stored.key, encoding)),
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
