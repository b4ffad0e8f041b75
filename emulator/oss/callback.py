"""Upload callbacks: after an upload, OSS posts to the address that the request names and hands its answer on.

See https://www.alibabacloud.com/help/en/oss/developer-reference/callback. What is missing here is the signature of the
callback: it would need OSS's private key.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote

import msgspec

from emulator.core.errors import ApiError
from emulator.core.http_client import post
from emulator.core.responses import JSON_TYPE, Response
from emulator.oss.errors import CALLBACK_FAILED, INVALID_CALLBACK
from emulator.oss.models import StoredObject
from emulator.oss.requests import OssRequest

T = TypeVar("T")
TIMEOUT_SECONDS = 5.0
FORM = "application/x-www-form-urlencoded"
_VARIABLE = re.compile(r"\$\{([\w.:-]+)\}")


class Callback(msgspec.Struct, frozen=True, rename="camel"):
    """What `x-oss-callback` holds; `callback_url` may be several, separated by `;`: the first that answers counts."""

    callback_url: str
    callback_body: str
    callback_host: str | None = None
    callback_body_type: str = FORM

    def body(self, variables: Mapping[str, str]) -> bytes:
        """The body with its `${variables}` filled in; those that are unknown are empty."""
        return _VARIABLE.sub(lambda match: self._encoded(variables.get(match[1], "")), self.callback_body).encode()

    def _encoded(self, value: str) -> str:
        return quote(value, safe="") if self.callback_body_type == FORM else msgspec.json.encode(value).decode()


def with_callback(request: OssRequest, stored: StoredObject, response: Response) -> Response:
    """`response`, or the callback's answer when the request names a callback. Raises ApiError InvalidArgument."""
    encoded = _named(request, "callback")
    if encoded is None:
        return response
    callback = _decoded(encoded, Callback)
    encoded_vars = _named(request, "callback-var")
    custom = {} if encoded_vars is None else _decoded(encoded_vars, dict[str, str])
    body = callback.body({**_variables(request, stored), **custom})

    async def final() -> Response:
        for url in callback.callback_url.split(";"):
            host = {} if callback.callback_host is None else {"host": callback.callback_host}
            headers = {"content-type": callback.callback_body_type, "user-agent": "http-client/0.0.1", **host}
            result = await post(url, headers, body, TIMEOUT_SECONDS)
            if result.status == 200 and _is_json(result.body):  # noqa: PLR2004 -- OSS takes no other
                return msgspec.structs.replace(response, body=result.body, content_type=JSON_TYPE)
        raise ApiError(CALLBACK_FAILED)

    return msgspec.structs.replace(response, final=final)


def _named(request: OssRequest, name: str) -> str | None:
    """A header of a request, or the same in the query of a presigned URL."""
    return request.headers.get(f"x-oss-{name}", request.query.get(name))


def _variables(request: OssRequest, stored: StoredObject) -> Mapping[str, str]:
    return {
        "bucket": request.bucket_name,
        "object": request.key,
        "etag": stored.content.etag,
        "size": str(stored.size),
        "mimeType": stored.content.headers["content-type"],
        "crc64": str(stored.crc64),
        "contentMd5": request.headers.get("content-md5", ""),
        "reqId": request.request_id,
        "operation": "PutObject" if request.http.method == "PUT" else "CompleteMultipartUpload",
        "clientIp": "127.0.0.1",
    }


def _decoded(encoded: str, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(base64.b64decode(encoded, validate=True), type=shape)
    except (binascii.Error, msgspec.DecodeError):
        raise ApiError(INVALID_CALLBACK) from None


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except msgspec.DecodeError:
        return False
    return True
