"""Signatures of version 1: `Authorization: OSS id:signature`, or a URL with `Signature` (HMAC-SHA1, Base64).

See https://www.alibabacloud.com/help/en/oss/developer-reference/include-signatures-in-the-authorization-header.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from functools import partial

from emulator.core.errors import ApiError
from emulator.core.http1_parser import Request
from emulator.oss.errors import INVALID_AUTHORIZATION
from emulator.oss.signature.claim import Claim, epoch_of_http_date, whole_number

SCHEME = "OSS "
SIGNED_QUERY = frozenset({
    "acl", "append", "bucketInfo", "callback", "callback-var", "cname", "comp", "continuation-token", "cors", "delete",
    "encryption", "endTime", "img", "inventory", "lifecycle", "live", "location", "logging", "objectMeta", "partNumber",
    "policy", "position", "qos", "referer", "regionList", "replication", "requestPayment", "resourceGroup", "restore",
    "security-token", "sequential", "startTime", "stat", "status", "style", "styleName", "symlink", "tagging",
    "uploadId", "uploads", "versionId", "versioning", "versions", "vod", "website", "worm", "wormExtend", "wormId",
    "x-oss-ac-source-ip", "x-oss-process", "x-oss-request-payer", "x-oss-traffic-limit",
})  # fmt: skip
"""The names in a query that are part of the resource; so are all that begin with `response-`."""


def from_header(request: Request, query: Mapping[str, str]) -> Claim:
    """The claim in the Authorization header. Raises ApiError when it cannot be read."""
    headers = request.headers
    key_id, colon, signature = headers["authorization"].removeprefix(SCHEME).strip().partition(":")
    if not colon:
        raise ApiError(INVALID_AUTHORIZATION)
    date = headers.get("x-oss-date") or headers.get("date", "")
    return Claim(
        key_id=key_id,
        signature=signature,
        compute=partial(sign, request, query, date),
        token=headers.get("x-oss-security-token", headers.get("security-token")),
        signed_at=epoch_of_http_date(date),
    )


def from_query(request: Request, query: Mapping[str, str]) -> Claim:
    """The claim of a presigned URL. Raises ApiError when it cannot be read."""
    expires = query.get("Expires", "")
    return Claim(
        key_id=query.get("OSSAccessKeyId", ""),
        signature=query["Signature"],
        compute=partial(sign, request, query, expires),
        token=query.get("security-token"),
        expires_at=whole_number(expires),
    )


def sign(request: Request, query: Mapping[str, str], date: str, secret: str) -> str:
    """The signature that `secret` gives; `date` is the date, or when the URL expires, as the request has it."""
    headers = request.headers
    signed = sorted(name for name in headers if name.startswith("x-oss-"))
    parts = (
        request.method,
        headers.get("content-md5", ""),
        headers.get("content-type", ""),
        date,
        *(f"{name}:{headers[name]}" for name in signed),
        _resource(request.path, query),
    )
    digest = hmac.digest(secret.encode(), "\n".join(parts).encode(), "sha1")
    return base64.b64encode(digest).decode()


def _resource(path: str, query: Mapping[str, str]) -> str:
    bucket, _, key = path.removeprefix("/").partition("/")
    pairs = sorted(pair for pair in query.items() if pair[0] in SIGNED_QUERY or pair[0].startswith("response-"))
    text = "&".join(f"{name}={value}" if value else name for name, value in pairs)
    return (f"/{bucket}/{key}" if bucket else "/") + (f"?{text}" if text else "")
