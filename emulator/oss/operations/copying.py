"""Copies: CopyObject and UploadPartCopy, both from the object that `x-oss-copy-source` names."""

from __future__ import annotations

import re
from urllib.parse import unquote

import msgspec

from emulator.core.errors import ApiError
from emulator.core.responses import Response
from emulator.oss.conditions import is_unmodified
from emulator.oss.errors import INVALID_ARGUMENT, INVALID_RANGE, NOT_MODIFIED
from emulator.oss.models import NORMAL, StoredObject
from emulator.oss.operations.multipart import store_part
from emulator.oss.operations.tagging import header_tags
from emulator.oss.requests import OssRequest
from emulator.oss.responses import write_headers, xml_date, xml_response
from emulator.oss.xml import Pair

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


def copy_object(request: OssRequest) -> Response:
    """CopyObject: within and across the account's buckets, with the source's metadata and tags or, on request, new."""
    content = msgspec.structs.replace(_source(request).content, kind=NORMAL)
    if request.headers.get("x-oss-metadata-directive", "").upper() == "REPLACE":
        content = msgspec.structs.replace(content, headers=request.object_headers())
    if request.headers.get("x-oss-tagging-directive", "").upper() == "REPLACE":
        content = msgspec.structs.replace(content, tags=header_tags(request))
    stored = request.buckets.put(
        request.bucket,
        request.key,
        content,
        request.cause("ObjectCreated:CopyObject"),
        forbid_overwrite=request.forbids_overwrite,
    )
    return xml_response("CopyObjectResult", _result(stored.modified, stored.quoted_etag), write_headers(stored))


def upload_part_copy(request: OssRequest) -> Response:
    """UploadPartCopy: a part of an upload from an object, or from a range of it."""
    data = _source(request).content.data
    if (header := request.headers.get("x-oss-copy-source-range")) is not None:
        match = _RANGE.fullmatch(header)
        if match is None or not int(match[1]) <= int(match[2]) < len(data):
            raise ApiError(INVALID_RANGE)
        data = data[int(match[1]) : int(match[2]) + 1]
    part = store_part(request, data, "ObjectCreated:UploadPartCopy")
    return xml_response("CopyPartResult", _result(part.modified, part.quoted_etag))


def _result(modified: float, quoted_etag: str) -> list[Pair]:
    return [("LastModified", xml_date(modified)), ("ETag", quoted_etag)]


def _source(request: OssRequest) -> StoredObject:
    """The object to copy. Raises ApiError when there is none, it may not be read, or a condition does not hold."""
    named = unquote(request.headers["x-oss-copy-source"])
    bucket_name, _, key = named.removeprefix("/").partition("/")
    if not named.startswith("/") or not key:
        raise ApiError(INVALID_ARGUMENT)
    bucket = request.buckets.bucket(bucket_name)
    request.check_access(bucket)
    source = bucket.object(key)
    if is_unmodified(request.headers, source, "x-oss-copy-source-"):
        raise ApiError(NOT_MODIFIED)
    return source
