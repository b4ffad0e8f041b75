"""Multipart uploads: initiate, parts, complete, abort. Each fires the event that OSS documents for it (FC facts 5)."""

from __future__ import annotations

from emulator.errors import ApiError
from emulator.http1 import Reply
from emulator.oss.asked import Asked, xml_reply
from emulator.oss.objects import shown, version, written
from emulator.oss.refusals import MALFORMED_XML
from emulator.oss.stored import Content, StoredObject, crc64, etag
from emulator.oss.uploads import NamedPart
from emulator.oss.xml import parsed, text_of

MOST_PARTS = 10_000


def initiate_multipart_upload(asked: Asked) -> Reply:
    """InitiateMultipartUpload."""
    with asked.buckets.lock:
        bucket = asked.bucket
        bucket.check_overwrite(asked.key, forbidden=asked.forbids_overwrite)
        upload_id = bucket.uploads.begin(asked.key, asked.kept_headers())
        _tell(asked, "ObjectCreated:InitiateMultipartUpload", b"")
    encoding = asked.query.get("encoding-type")
    return xml_reply(
        "InitiateMultipartUploadResult",
        [
            ("EncodingType", encoding),
            ("Bucket", asked.bucket_name),
            ("Key", shown(asked.key, encoding)),
            ("UploadId", upload_id),
        ],
    )


def upload_part(asked: Asked) -> Reply:
    """UploadPart: a part of the same number is replaced."""
    number = asked.number("partNumber", 0, 1, MOST_PARTS)
    data = asked.checked_body()
    with asked.buckets.lock:
        asked.bucket.uploads.get(asked.query["uploadId"], asked.key).parts[number] = data
        _tell(asked, "ObjectCreated:UploadPart", data)
    return Reply(200, headers={"etag": f'"{etag(data)}"', "x-oss-hash-crc64ecma": str(crc64(data))})


def complete_multipart_upload(asked: Asked) -> Reply:
    """CompleteMultipartUpload: from the parts that the body names."""
    named = _named_parts(asked)
    with asked.buckets.lock:
        bucket = asked.bucket
        upload = bucket.uploads.get(asked.query["uploadId"], asked.key)
        stored = asked.buckets.put(
            bucket,
            asked.key,
            upload.assembled(named),
            asked.cause("ObjectCreated:CompleteMultipartUpload"),
            forbid_overwrite=asked.forbids_overwrite,
        )
        bucket.uploads.end(asked.query["uploadId"])
    encoding = asked.query.get("encoding-type")
    return xml_reply(
        "CompleteMultipartUploadResult",
        [
            ("EncodingType", encoding),
            ("Bucket", asked.bucket_name),
            ("Key", shown(asked.key, encoding)),
            ("ETag", stored.quoted_etag),
        ],
        {**written(stored), **version(stored.version)},
    )


def abort_multipart_upload(asked: Asked) -> Reply:
    """AbortMultipartUpload."""
    with asked.buckets.lock:
        bucket = asked.bucket
        bucket.uploads.get(asked.query["uploadId"], asked.key)
        bucket.uploads.end(asked.query["uploadId"])
        _tell(asked, "ObjectRemoved:AbortMultipartUpload", b"")
    return Reply(204)


def _named_parts(asked: Asked) -> list[NamedPart]:
    parts = []
    for element in parsed(asked.checked_body(), "CompleteMultipartUpload").iterfind("Part"):
        number = text_of(element, "PartNumber")
        if not number.isdecimal():
            raise ApiError(MALFORMED_XML)
        parts.append(NamedPart(int(number), text_of(element, "ETag").strip('"')))
    return parts


def _tell(asked: Asked, event: str, data: bytes) -> None:
    about = StoredObject(key=asked.key, content=Content.of(data), modified=0.0, crc64=0)
    asked.buckets.tell(asked.bucket, asked.cause(event), about, 0)
