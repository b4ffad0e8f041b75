"""Multipart uploads: initiate, parts, complete, abort, each with its own event (docs/function-compute.md 5)."""

from __future__ import annotations

from emulator.core.errors import ApiError
from emulator.core.responses import Response
from emulator.oss.errors import MALFORMED_XML
from emulator.oss.models import Content, StoredObject, crc64, etag
from emulator.oss.requests import OssRequest
from emulator.oss.responses import encode_key, version_header, write_headers, xml_response
from emulator.oss.uploads import NamedPart
from emulator.oss.xml import parsed, text_of

MOST_PARTS = 10_000


def initiate_multipart_upload(request: OssRequest) -> Response:
    """InitiateMultipartUpload."""
    with request.buckets.lock:
        bucket = request.bucket
        bucket.check_overwrite(request.key, forbidden=request.forbids_overwrite)
        upload_id = bucket.uploads.begin(request.key, request.object_headers())
        _announce(request, "ObjectCreated:InitiateMultipartUpload", b"")
    encoding = request.encoding
    return xml_response(
        "InitiateMultipartUploadResult",
        [
            ("EncodingType", encoding),
            ("Bucket", request.bucket_name),
            ("Key", encode_key(request.key, encoding)),
            ("UploadId", upload_id),
        ],
    )


def upload_part(request: OssRequest) -> Response:
    """UploadPart: a part of the same number is replaced."""
    number = request.number("partNumber", 0, 1, MOST_PARTS)
    data = request.checked_body()
    with request.buckets.lock:
        request.bucket.uploads.get(request.query["uploadId"], request.key).parts[number] = data
        _announce(request, "ObjectCreated:UploadPart", data)
    return Response(200, headers={"etag": f'"{etag(data)}"', "x-oss-hash-crc64ecma": str(crc64(data))})


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
    encoding = request.encoding
    return xml_response(
        "CompleteMultipartUploadResult",
        [
            ("EncodingType", encoding),
            ("Bucket", request.bucket_name),
            ("Key", encode_key(request.key, encoding)),
            ("ETag", stored.quoted_etag),
        ],
        {**write_headers(stored), **version_header(stored.version)},
    )


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
