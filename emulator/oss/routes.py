"""Which request is which operation: a table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from enum import Enum, auto

import msgspec

from emulator.core.http1_parser import Request
from emulator.core.responses import Response
from emulator.oss.operations import append, buckets, copying, listing, multipart, objects, tagging
from emulator.oss.requests import OssRequest
from emulator.oss.signature.verifier import QUERY_NAMES

_ENCODING = frozenset({"encoding-type"})
_PAGE = frozenset({"prefix", "delimiter", "max-keys", *_ENCODING})
_PAGE_V1 = frozenset({"marker", *_PAGE})
_PAGE_V2 = frozenset({"start-after", "continuation-token", "fetch-owner", *_PAGE})
_PARTS = frozenset({"max-parts", "part-number-marker", *_ENCODING})
_PART = frozenset({"partNumber", "uploadId"})
_COPY_SOURCE = "x-oss-copy-source"


class Level(Enum):
    """What a request addresses."""

    SERVICE = auto()
    BUCKET = auto()
    OBJECT = auto()


class Route(msgspec.Struct, frozen=True):
    """An operation: `needs` and `may` are names in the query, and there must be no others."""

    level: Level
    method: str
    action: str
    function: Callable[[OssRequest], Response]
    needs: Collection[str] = frozenset()
    may: Collection[str] = frozenset()
    copies: bool = False

    def matches(self, request: Request, names: Collection[str], level: Level) -> bool:
        """Whether the request is this operation."""
        return (
            (request.method, level) == (self.method, self.level)
            and set(names).issuperset(self.needs)
            and set(names).issubset({*self.needs, *self.may})
            and (_COPY_SOURCE in request.headers) == self.copies
        )


ROUTES = (
    Route(Level.SERVICE, "GET", "ListBuckets", buckets.list_buckets, may={"prefix", "marker", "max-keys"}),
    Route(Level.BUCKET, "PUT", "PutBucket", buckets.put_bucket),
    Route(Level.BUCKET, "DELETE", "DeleteBucket", buckets.delete_bucket),
    Route(Level.BUCKET, "GET", "GetBucketInfo", buckets.get_bucket_info, needs={"bucketInfo"}),
    Route(Level.BUCKET, "GET", "GetBucketLocation", buckets.get_bucket_location, needs={"location"}),
    Route(Level.BUCKET, "GET", "GetBucketAcl", buckets.get_bucket_acl, needs={"acl"}),
    Route(Level.BUCKET, "GET", "GetBucketVersioning", buckets.get_bucket_versioning, needs={"versioning"}),
    Route(Level.BUCKET, "PUT", "PutBucketCors", buckets.put_bucket_cors, needs={"cors"}),
    Route(Level.BUCKET, "GET", "GetBucketCors", buckets.get_bucket_cors, needs={"cors"}),
    Route(Level.BUCKET, "DELETE", "DeleteBucketCors", buckets.delete_bucket_cors, needs={"cors"}),
    Route(Level.BUCKET, "GET", "ListObjects", listing.list_objects, may=_PAGE_V1),
    Route(Level.BUCKET, "GET", "ListObjectsV2", listing.list_objects_v2, needs={"list-type"}, may=_PAGE_V2),
    Route(
        Level.BUCKET, "POST", "DeleteMultipleObjects", objects.delete_multiple_objects, needs={"delete"}, may=_ENCODING
    ),
    Route(Level.OBJECT, "PUT", "PutObject", objects.put_object),
    Route(Level.OBJECT, "GET", "GetObject", objects.get_object),
    Route(Level.OBJECT, "HEAD", "HeadObject", objects.head_object),
    Route(Level.OBJECT, "HEAD", "GetObjectMeta", objects.head_object, needs={"objectMeta"}),
    Route(Level.OBJECT, "DELETE", "DeleteObject", objects.delete_object),
    Route(Level.OBJECT, "PUT", "CopyObject", copying.copy_object, copies=True),
    Route(Level.OBJECT, "POST", "AppendObject", append.append_object, needs={"append", "position"}),
    Route(Level.OBJECT, "PUT", "PutObjectTagging", tagging.put_object_tagging, needs={"tagging"}),
    Route(Level.OBJECT, "GET", "GetObjectTagging", tagging.get_object_tagging, needs={"tagging"}),
    Route(Level.OBJECT, "DELETE", "DeleteObjectTagging", tagging.delete_object_tagging, needs={"tagging"}),
    Route(
        Level.OBJECT,
        "POST",
        "InitiateMultipartUpload",
        multipart.initiate_multipart_upload,
        needs={"uploads"},
        may=_ENCODING,
    ),
    Route(Level.OBJECT, "PUT", "UploadPart", multipart.upload_part, needs=_PART),
    Route(Level.OBJECT, "PUT", "UploadPartCopy", copying.upload_part_copy, needs=_PART, copies=True),
    Route(Level.OBJECT, "GET", "ListParts", multipart.list_parts, needs={"uploadId"}, may=_PARTS),
    Route(
        Level.OBJECT,
        "POST",
        "CompleteMultipartUpload",
        multipart.complete_multipart_upload,
        needs={"uploadId"},
        may=_ENCODING,
    ),
    Route(Level.OBJECT, "DELETE", "AbortMultipartUpload", multipart.abort_multipart_upload, needs={"uploadId"}),
)


def route_for(request: Request, query: Mapping[str, str], level: Level) -> Route | None:
    """The operation that is asked for; None when the emulator has no such."""
    names = [name for name in query if not is_common(name)]
    return next((route for route in ROUTES if route.matches(request, names, level)), None)


def is_common(name: str) -> bool:
    """Whether any operation takes this name: it signs the request, or says how the response is to look."""
    return name in {*QUERY_NAMES, "callback", "callback-var"} or name.startswith(("x-oss-", "response-"))
