"""Operations on objects: put, get, head, delete."""

from __future__ import annotations

import re
from collections.abc import Mapping

from emulator.core.errors import ApiError
from emulator.core.responses import Response
from emulator.oss.callback import with_callback
from emulator.oss.conditions import is_unmodified
from emulator.oss.errors import MALFORMED_XML
from emulator.oss.models import APPENDABLE, Content, StoredObject
from emulator.oss.operations.tagging import header_tags
from emulator.oss.requests import OssRequest
from emulator.oss.responses import encode_key, http_date, version_header, write_headers, xml_response
from emulator.oss.xml import Pair, parsed, text_of

MAX_DELETED = 1_000
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def put_object(request: OssRequest) -> Response:
    """PutObject."""
    stored = request.buckets.put(
        request.bucket,
        request.key,
        Content.of(request.checked_body(), request.object_headers(), tags=header_tags(request)),
        request.cause("ObjectCreated:PutObject"),
        forbid_overwrite=request.forbids_overwrite,
    )
    return with_callback(request, stored, Response(200, headers=write_headers(stored)))


def get_object(request: OssRequest) -> Response:
    """GetObject: the whole, or one range of it, unless a condition says otherwise."""
    stored = request.bucket.object(request.key)
    if is_unmodified(request.headers, stored):
        return Response(304, headers=_described(stored))
    overrides = dict(_overrides(request))
    content_type = overrides.pop("content-type", stored.content.headers["content-type"])
    headers = {**_described(stored), **overrides}
    chosen = _range(request.headers.get("range", ""), stored.size)
    if chosen is None:
        return Response(200, stored.content.data, content_type, headers)
    first, last = chosen
    headers = {**headers, "content-range": f"bytes {first}-{last}/{stored.size}"}
    return Response(206, stored.content.data[first : last + 1], content_type, headers)


def head_object(request: OssRequest) -> Response:
    """HeadObject: as GetObject, without the bytes."""
    stored = request.bucket.object(request.key)
    if is_unmodified(request.headers, stored):
        return Response(304, headers=_described(stored))
    return Response(200, b"", stored.content.headers["content-type"], _described(stored), length=stored.size)


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


def _overrides(request: OssRequest) -> Mapping[str, str]:
    """The headers that the query asks for, as `response-content-disposition` in a link to a download."""
    return {
        name.removeprefix("response-"): value for name, value in request.query.items() if name.startswith("response-")
    }


def _described(stored: StoredObject) -> Mapping[str, str]:
    kept = {name: value for name, value in stored.content.headers.items() if name != "content-type"}
    return {
        **kept,
        **write_headers(stored),
        "last-modified": http_date(stored.modified),
        "x-oss-object-type": stored.content.kind,
        "x-oss-storage-class": "Standard",
        "accept-ranges": "bytes",
        **({"x-oss-tagging-count": str(len(stored.content.tags))} if stored.content.tags else {}),
        **({"x-oss-next-append-position": str(stored.size)} if stored.content.kind == APPENDABLE else {}),
    }


def delete_object(request: OssRequest) -> Response:
    """DeleteObject: 204 whether or not there was one; in a versioned bucket a delete marker is made."""
    marker = request.buckets.delete(request.bucket, request.key, request.cause("ObjectRemoved:DeleteObject"))
    return Response(204, headers={"x-oss-delete-marker": "true", **version_header(marker)} if marker else {})


def delete_multiple_objects(request: OssRequest) -> Response:
    """DeleteMultipleObjects: up to 1,000 keys, each with an event of its own."""
    root = parsed(request.checked_body(), "Delete")
    keys = [text_of(element, "Key") for element in root.iterfind("Object")]
    if not 0 < len(keys) <= MAX_DELETED:
        raise ApiError(MALFORMED_XML)
    cause = request.cause("ObjectRemoved:DeleteObjects")
    deleted = [(key, request.buckets.delete(request.bucket, key, cause)) for key in keys]
    if root.findtext("Quiet") == "true":
        return Response(200)
    encoding = request.encoding
    listed: list[Pair] = [
        (
            "Deleted",
            [("Key", encode_key(key, encoding)), ("DeleteMarker", marker and True), ("DeleteMarkerVersionId", marker)],
        )
        for key, marker in deleted
    ]
    return xml_response("DeleteResult", [("EncodingType", encoding), *listed])
