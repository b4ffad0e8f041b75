"""ListObjects and ListObjectsV2: a page of a bucket's keys, in UTF-8 order."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from itertools import islice

import msgspec

from emulator.core.errors import ApiError
from emulator.core.responses import Response
from emulator.oss.errors import INVALID_ARGUMENT
from emulator.oss.models import StoredObject
from emulator.oss.requests import OssRequest
from emulator.oss.responses import encode_key, xml_date, xml_response
from emulator.oss.xml import Pair

DEFAULT_KEYS, MAX_KEYS = 100, 1_000
AFTER_EVERYTHING_UNDER = "\U0010ffff"
"""Follows a common prefix in a token, so that the next page begins behind all that the prefix stands for."""
Entry = tuple[str, StoredObject | None]
"""A key with its object, or a common prefix with None."""


class Page(msgspec.Struct, frozen=True):
    """Some entries in order, at most as many as were asked for."""

    entries: list[Entry]
    max_keys: int
    is_truncated: bool


def list_objects(request: OssRequest) -> Response:
    """ListObjects: prefix, delimiter, marker, max-keys (100; 1,000 at most)."""
    marker = request.query.get("marker", "")
    page = _page(request, marker, folded=marker)
    own: list[Pair] = [
        ("Marker", encode_key(marker, request.encoding)),
        ("NextMarker", encode_key(page.entries[-1][0], request.encoding) if page.is_truncated else None),
    ]
    return xml_response("ListBucketResult", [*_head(request, page), *own, *_body(request, page, owner=True)])


def list_objects_v2(request: OssRequest) -> Response:
    """ListObjectsV2: prefix, delimiter, start-after, continuation-token, max-keys (100; 1,000 at most)."""
    token, start_after = request.query.get("continuation-token"), request.query.get("start-after")
    page = _page(request, _key_in(token) if token else start_after or "")
    own: list[Pair] = [
        ("StartAfter", None if start_after is None else encode_key(start_after, request.encoding)),
        ("ContinuationToken", token),
        ("NextContinuationToken", _token_after(page.entries[-1]) if page.is_truncated else None),
        ("KeyCount", len(page.entries)),
    ]
    owner = request.query.get("fetch-owner") == "true"
    return xml_response("ListBucketResult", [*_head(request, page), *own, *_body(request, page, owner=owner)])


def _page(request: OssRequest, after: str, folded: str = "") -> Page:
    most = request.number("max-keys", DEFAULT_KEYS, 1, MAX_KEYS)
    entries = _entries(request, after, folded)
    page = list(islice(entries, most))
    return Page(page, most, is_truncated=next(entries, None) is not None)


def _entries(request: OssRequest, after: str, folded: str) -> Iterator[Entry]:
    """Keys behind `after`; those under the common prefix `folded` have been on the page before."""
    prefix, delimiter = request.query.get("prefix", ""), request.query.get("delimiter", "")
    objects = request.bucket.objects
    for key in sorted(key for key in objects if key > after and key.startswith(prefix)):
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            yield key, objects[key]
        elif (common := key[: cut + len(delimiter)]) != folded:
            folded = common
            yield common, None


def _head(request: OssRequest, page: Page) -> list[Pair]:
    query, encoding = request.query, request.encoding
    return [
        ("Name", request.bucket_name),
        ("Prefix", encode_key(query.get("prefix", ""), encoding)),
        ("Delimiter", encode_key(query["delimiter"], encoding) if "delimiter" in query else None),
        ("MaxKeys", page.max_keys),
        ("EncodingType", encoding),
        ("IsTruncated", page.is_truncated),
    ]


def _body(request: OssRequest, page: Page, *, owner: bool) -> list[Pair]:
    encoding, account = request.encoding, request.bucket.settings.account
    return [
        ("CommonPrefixes", [("Prefix", encode_key(key, encoding))])
        if stored is None
        else ("Contents", _contents(stored, encoding, account if owner else None))
        for key, stored in page.entries
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
