"""Operations on objects: put, get, head, delete, copy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

import msgspec

from emulator.errors import ApiError
from emulator.http1 import Reply
from emulator.oss.asked import Asked, http_date, xml_date, xml_reply
from emulator.oss.refusals import INVALID_ARGUMENT, MALFORMED_XML, PRECONDITION_FAILED
from emulator.oss.stored import Content, StoredObject
from emulator.oss.xml import Pair, parsed, text_of

MAX_DELETED = 1_000
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def put_object(asked: Asked) -> Reply:
    """PutObject."""
    stored = asked.buckets.put(
        asked.bucket,
        asked.key,
        Content.of(asked.checked_body(), asked.kept_headers()),
        asked.cause("ObjectCreated:PutObject"),
        forbid_overwrite=asked.forbids_overwrite,
    )
    return Reply(200, headers=written(stored))


def written(stored: StoredObject) -> Mapping[str, str]:
    """The headers of an answer to whatever has written an object."""
    return {"etag": stored.quoted_etag, "x-oss-hash-crc64ecma": str(stored.crc64), **version(stored.version)}


def version(number: str | None) -> Mapping[str, str]:
    """The header that names a version, where there are versions."""
    return {"x-oss-version-id": number} if number else {}


def get_object(asked: Asked) -> Reply:
    """GetObject: the whole, or one range of it; If-Match and If-None-Match are honoured."""
    stored = asked.bucket.object(asked.key)
    if _is_unchanged(asked, stored):
        return Reply(304, headers=_described(stored))
    chosen = _range(asked.headers.get("range", ""), stored.size)
    content_type = stored.content.headers["content-type"]
    if chosen is None:
        return Reply(200, stored.content.data, content_type, _described(stored))
    first, last = chosen
    headers = {**_described(stored), "content-range": f"bytes {first}-{last}/{stored.size}"}
    return Reply(206, stored.content.data[first : last + 1], content_type, headers)


def head_object(asked: Asked) -> Reply:
    """HeadObject: as GetObject, without the bytes."""
    stored = asked.bucket.object(asked.key)
    if _is_unchanged(asked, stored):
        return Reply(304, headers=_described(stored))
    return Reply(200, b"", stored.content.headers["content-type"], _described(stored), length=stored.size)


def _is_unchanged(asked: Asked, stored: StoredObject) -> bool:
    wanted, known = asked.headers.get("if-match"), asked.headers.get("if-none-match")
    if wanted is not None and wanted.strip('"') != stored.content.etag:
        raise ApiError(PRECONDITION_FAILED)
    return known is not None and known.strip('"') == stored.content.etag


def _range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte; None for the whole, which is also what OSS gives for a range that cannot be had."""
    match = _RANGE.fullmatch(header)
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last or size), size - 1)
    return (start, end) if start <= end else None


def _described(stored: StoredObject) -> Mapping[str, str]:
    kept = {name: value for name, value in stored.content.headers.items() if name != "content-type"}
    return {
        **kept,
        **written(stored),
        "last-modified": http_date(stored.modified),
        "x-oss-object-type": stored.content.kind,
        "x-oss-storage-class": "Standard",
        "accept-ranges": "bytes",
    }


def delete_object(asked: Asked) -> Reply:
    """DeleteObject: 204 whether or not there was one; in a versioned bucket a delete marker is made."""
    marker = asked.buckets.delete(asked.bucket, asked.key, asked.cause("ObjectRemoved:DeleteObject"))
    return Reply(204, headers={"x-oss-delete-marker": "true", **version(marker)} if marker else {})


def delete_multiple_objects(asked: Asked) -> Reply:
    """DeleteMultipleObjects: up to 1,000 keys, each with an event of its own."""
    root = parsed(asked.checked_body(), "Delete")
    keys = [text_of(element, "Key") for element in root.iterfind("Object")]
    if not 0 < len(keys) <= MAX_DELETED:
        raise ApiError(MALFORMED_XML)
    cause = asked.cause("ObjectRemoved:DeleteObjects")
    deleted = [(key, asked.buckets.delete(asked.bucket, key, cause)) for key in keys]
    if root.findtext("Quiet") == "true":
        return Reply(200)
    encoding = asked.query.get("encoding-type")
    listed: list[Pair] = [
        (
            "Deleted",
            [("Key", shown(key, encoding)), ("DeleteMarker", marker and True), ("DeleteMarkerVersionId", marker)],
        )
        for key, marker in deleted
    ]
    return xml_reply("DeleteResult", [("EncodingType", encoding), *listed])


def shown(key: str, encoding: str | None) -> str:
    """A key as a document carries it: percent-encoded where the client asked for that."""
    return quote(key) if encoding == "url" else key


def copy_object(asked: Asked) -> Reply:
    """CopyObject: within and across the account's buckets, with the source's metadata or, on request, new."""
    source = _source(asked)
    content = source.content
    if asked.headers.get("x-oss-metadata-directive", "").upper() == "REPLACE":
        content = msgspec.structs.replace(content, headers=asked.kept_headers())
    stored = asked.buckets.put(
        asked.bucket,
        asked.key,
        msgspec.structs.replace(content, kind="Normal"),
        asked.cause("ObjectCreated:CopyObject"),
        forbid_overwrite=asked.forbids_overwrite,
    )
    pairs: list[Pair] = [("LastModified", xml_date(stored.modified)), ("ETag", stored.quoted_etag)]
    return xml_reply("CopyObjectResult", pairs, written(stored))


def _source(asked: Asked) -> StoredObject:
    named = unquote(asked.headers["x-oss-copy-source"])
    bucket_name, _, key = named.removeprefix("/").partition("/")
    if not named.startswith("/") or not key:
        raise ApiError(INVALID_ARGUMENT)
    bucket = asked.buckets.bucket(bucket_name)
    asked.check_access(bucket)
    return bucket.object(key)
