"""AppendObject: an object that grows; see https://www.alibabacloud.com/help/en/oss/developer-reference/appendobject."""

from __future__ import annotations

import msgspec

from emulator.core.errors import ApiError
from emulator.core.responses import Response
from emulator.oss.errors import OBJECT_NOT_APPENDABLE, POSITION_NOT_EQUAL_TO_LENGTH
from emulator.oss.models import APPENDABLE, Content
from emulator.oss.operations.tagging import header_tags
from emulator.oss.requests import OssRequest
from emulator.oss.responses import write_headers

MAX_POSITION = 5 * 1024**3


def append_object(request: OssRequest) -> Response:
    """Bytes at the end of an appendable object, or the first ones of a new one."""
    position = request.number("position", 0, 0, MAX_POSITION)
    data = request.checked_body()
    with request.buckets.lock:
        before = request.bucket.objects.get(request.key)
        if before is not None and before.content.kind != APPENDABLE:
            raise ApiError(OBJECT_NOT_APPENDABLE)
        size = before.size if before else 0
        if position != size:
            next_position = {"x-oss-next-append-position": str(size)}
            raise ApiError(msgspec.structs.replace(POSITION_NOT_EQUAL_TO_LENGTH, headers=next_position))
        if before is None:
            content = Content.of(data, request.object_headers(), kind=APPENDABLE, tags=header_tags(request))
        else:
            content = before.content.extended(data)
        stored = request.buckets.put(request.bucket, request.key, content, request.cause("ObjectCreated:AppendObject"))
    return Response(200, headers={**write_headers(stored), "x-oss-next-append-position": str(stored.size)})
