"""Multipart uploads: initiate, parts, complete, abort, each with its own event (docs/function-compute.md 5)."""

from __future__ import annotations

from emulator.core.errors import ApiError
from emulator.core.responses import Response
from emulator.oss.callback import with_callback
from emulator.oss.errors import MALFORMED_XML
from emulator.oss.models import Content, StoredObject, crc64, etag
from emulator.oss.operations.tagging import header_tags
from emulator.oss.requests import OssRequest
from emulator.oss.responses import encode_key, write_headers, xml_date, xml_response
from emulator.oss.uploads import NamedPart, Part
from emulator.oss.xml import Pair, parsed, text_of

MAX_PARTS = 10_000
MAX_LISTED = 1_000


def initiate_multipart_upload(request: OssRequest) -> Response:
    """InitiateMultipartUpload."""
    with request.buckets.lock:
        bucket = request.bucket
        bucket.check_overwrite(request.key, forbidden=request.forbids_overwrite)
        upload_id = bucket.uploads.begin(request.key, request.object_headers(), header_tags(request))
        _announce(request, "ObjectCreated:InitiateMultipartUpload", b"")
    return xml_response("InitiateMultipartUploadResult", _names(request, upload_id))


def upload_part(request: OssRequest) -> Response:
    """UploadPart: a part of the same number is replaced."""
    part = store_part(request, request.checked_body(), "ObjectCreated:UploadPart")
    return Response(200, headers={"etag": part.quoted_etag, "x-oss-hash-crc64ecma": str(crc64(part.data))})


def store_part(request: OssRequest, data: bytes, event: str) -> Part:
    """Keep `data` as the part that the query names, and announce it. Raises ApiError NoSuchUpload."""
    number = request.number("partNumber", 0, 1, MAX_PARTS)
    part = Part(data, etag(data), request.buckets.now())
    with request.buckets.lock:
        request.bucket.uploads.get(request.query["uploadId"], request.key).parts[number] = part
        _announce(request, event, data)
    return part


def list_parts(request: OssRequest) -> Response:
    """ListParts: those behind `part-number-marker`, at most `max-parts`."""
    upload = request.bucket.uploads.get(request.query["uploadId"], request.key)
    marker = request.number("part-number-marker", 0, 0, MAX_PARTS)
    most = request.number("max-parts", MAX_LISTED, 1, MAX_LISTED)
    behind = [number for number in sorted(upload.parts) if number > marker]
    page = [(number, upload.parts[number]) for number in behind[:most]]
    return xml_response(
        "ListPartsResult",
        [
            *_names(request, request.query["uploadId"]),
            ("PartNumberMarker", marker),
            ("NextPartNumberMarker", page[-1][0] if page else marker),
            ("MaxParts", most),
            ("IsTruncated", len(behind) > most),
            *(("Part", _listed(number, part)) for number, part in page),
        ],
    )


def _listed(number: int, part: Part) -> list[Pair]:
    return [
        ("PartNumber", number),
        ("LastModified", xml_date(part.modified)),
        ("ETag", part.quoted_etag),
        ("HashCrc64ecma", str(crc64(part.data))),
        ("Size", len(part.data)),
    ]


def _names(request: OssRequest, upload_id: str | None) -> list[Pair]:
    return [
        ("EncodingType", request.encoding),
        ("Bucket", request.bucket_name),
        ("Key", encode_key(request.key, request.encoding)),
        ("UploadId", upload_id),
    ]


def complete_multipart_upload(request: OssRequest) -> Response:
    """CompleteMultipartUpload: from the parts that the body names."""
    named = _named_parts(request)
    with request.buckets.lock:
        bucket = request.bucket
        upload = bucket.uploads.get(request.query["uploadId"], request.key)
        stored = request.buckets.put(
            bucket,
            request.key,
            upload.assembled(named),
            request.cause("ObjectCreated:CompleteMultipartUpload"),
            forbid_overwrite=request.forbids_overwrite,
        )
        bucket.uploads.end(request.query["uploadId"])
    document = [*_names(request, None), ("ETag", stored.quoted_etag)]
    response = xml_response("CompleteMultipartUploadResult", document, write_headers(stored))
    return with_callback(request, stored, response)


def abort_multipart_upload(request: OssRequest) -> Response:
    """AbortMultipartUpload."""
    with request.buckets.lock:
        bucket = request.bucket
        bucket.uploads.get(request.query["uploadId"], request.key)
        bucket.uploads.end(request.query["uploadId"])
        _announce(request, "ObjectRemoved:AbortMultipartUpload", b"")
    return Response(204)


def _named_parts(request: OssRequest) -> list[NamedPart]:
    parts = []
    for element in parsed(request.checked_body(), "CompleteMultipartUpload").iterfind("Part"):
        number = text_of(element, "PartNumber")
        if not number.isdecimal():
            raise ApiError(MALFORMED_XML)
        parts.append(NamedPart(int(number), text_of(element, "ETag").strip('"')))
    return parts


def _announce(request: OssRequest, event: str, data: bytes) -> None:
    about = StoredObject(key=request.key, content=Content.of(data), modified=0.0, crc64=0)
    request.buckets.announce(request.bucket, request.cause(event), about, 0)
