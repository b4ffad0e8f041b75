"""Which request is which operation: a table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec

from emulator.core.requests import Request
from emulator.core.responses import Response
from emulator.oss.operations.buckets import get_bucket_info, get_bucket_versioning
from emulator.oss.operations.listing import list_objects_v2
from emulator.oss.operations.multipart import (
    abort_multipart_upload,
    complete_multipart_upload,
    initiate_multipart_upload,
    upload_part,
)
from emulator.oss.operations.objects import (
    copy_object,
    delete_multiple_objects,
    delete_object,
    get_object,
    head_object,
    put_object,
)
from emulator.oss.requests import OssRequest

_NONE: Collection[str] = frozenset()
_ENCODING = frozenset({"encoding-type"})
_PAGE = frozenset({"prefix", "delimiter", "start-after", "continuation-token", "max-keys", "fetch-owner"})
_COPY_SOURCE = "x-oss-copy-source"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """An operation: `needs` and `may` are names in the query, and there must be no others."""

    action: str
    method: str
    on_object: bool
    function: Callable[[OssRequest], Response]
    needs: Collection[str] = _NONE
    may: Collection[str] = _NONE
    copies: bool = False

    def matches(self, request: Request, query: Mapping[str, str], *, on_object: bool) -> bool:
        """Whether the request is this operation."""
        names = set(query)
        return (
            (request.method, on_object) == (self.method, self.on_object)
            and names.issuperset(self.needs)
            and names.issubset({*self.needs, *self.may})
            and (_COPY_SOURCE in request.headers) == self.copies
        )


def _on_object(
    action: str, method: str, function: Callable[[OssRequest], Response], *, needs: Collection[str] = _NONE
) -> Route:
    may = _ENCODING if method == "POST" else _NONE
    return Route(action=action, method=method, on_object=True, function=function, needs=needs, may=may)


ROUTES = (
    _on_object("PutObject", "PUT", put_object),
    _on_object("GetObject", "GET", get_object),
    _on_object("HeadObject", "HEAD", head_object),
    _on_object("GetObjectMeta", "HEAD", head_object, needs={"objectMeta"}),
    _on_object("DeleteObject", "DELETE", delete_object),
    Route(action="CopyObject", method="PUT", on_object=True, function=copy_object, copies=True),
    _on_object("InitiateMultipartUpload", "POST", initiate_multipart_upload, needs={"uploads"}),
    _on_object("UploadPart", "PUT", upload_part, needs={"partNumber", "uploadId"}),
    _on_object("CompleteMultipartUpload", "POST", complete_multipart_upload, needs={"uploadId"}),
    _on_object("AbortMultipartUpload", "DELETE", abort_multipart_upload, needs={"uploadId"}),
    Route(
        action="DeleteMultipleObjects",
        method="POST",
        on_object=False,
        function=delete_multiple_objects,
        needs={"delete"},
        may=_ENCODING,
    ),
    Route(
        action="ListObjectsV2",
        method="GET",
        on_object=False,
        function=list_objects_v2,
        needs={"list-type"},
        may={*_PAGE, *_ENCODING},
    ),
    Route(action="GetBucketInfo", method="GET", on_object=False, function=get_bucket_info, needs={"bucketInfo"}),
    Route(
        action="GetBucketVersioning",
        method="GET",
        on_object=False,
        function=get_bucket_versioning,
        needs={"versioning"},
    ),
)


def route_for(request: Request, query: Mapping[str, str], *, on_object: bool) -> Route | None:
    """The operation that is request for; None when the emulator has no such."""
    return next((route for route in ROUTES if route.matches(request, query, on_object=on_object)), None)
