"""One call of OSS as an operation sees it."""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Mapping

import msgspec

from emulator.core.errors import ApiError
from emulator.core.http1_parser import Request
from emulator.oss.buckets import Bucket, Buckets, Cause
from emulator.oss.errors import ACCESS_DENIED, INVALID_ARGUMENT, INVALID_DIGEST

_KEPT_HEADERS = frozenset(
    {"content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires"}
)
_VIRTUAL_HOST = re.compile(r"([a-z0-9-]+)\.(?:oss-[a-z0-9-]+\.aliyuncs\.com|localhost)(?::\d+)?")
"""Path style is for IP addresses; but some clients send the bucket's host name to an address all the same."""
_METADATA = "x-oss-meta-"


class OssRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks what of which bucket and key; `key` is "" for calls on the bucket, `account` for unsigned ones."""

    http: Request
    query: Mapping[str, str]
    bucket_name: str
    key: str
    account: str
    request_id: str
    buckets: Buckets

    @property
    def bucket(self) -> Bucket:
        """The bucket that is addressed. Raises ApiError NoSuchBucket."""
        return self.buckets.bucket(self.bucket_name)

    @property
    def headers(self) -> Mapping[str, str]:
        """The request's headers, in lower case."""
        return self.http.headers

    @property
    def encoding(self) -> str | None:
        """How keys are to be encoded in the answer: `url`, or None."""
        return self.query.get("encoding-type")

    @property
    def forbids_overwrite(self) -> bool:
        """Whether what exists must stay."""
        return self.headers.get("x-oss-forbid-overwrite", "").lower() == "true"

    def check_access(self, bucket: Bucket) -> None:
        """Raises ApiError AccessDenied where the caller's account may not use `bucket`."""
        if not bucket.settings.public_write and self.account != bucket.settings.account:
            raise ApiError(ACCESS_DENIED)

    def cause(self, event: str) -> Cause:
        """This call as the cause of a change."""
        return Cause(event, self.account, self.request_id)

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number in the query. Raises ApiError InvalidArgument."""
        raw = self.query.get(name) or str(default)
        if not raw.isdecimal() or not low <= int(raw) <= high:
            raise ApiError(INVALID_ARGUMENT)
        return int(raw)

    def object_headers(self) -> Mapping[str, str]:
        """What is stored beside the bytes: the headers of their kind and the user's metadata."""
        kept = {
            name: value for name, value in self.headers.items() if name in _KEPT_HEADERS or name.startswith(_METADATA)
        }
        return {"content-type": "application/octet-stream", **kept}

    def checked_body(self) -> bytes:
        """The body, whole. Raises ApiError InvalidDigest when Content-MD5 is that of another one."""
        given = self.headers.get("content-md5")
        if given is not None and given.encode() != _md5(self.http.body):
            raise ApiError(INVALID_DIGEST)
        return self.http.body


def path_style(request: Request) -> Request:
    """The request with its bucket in the path, where the host names it: `pics.oss-cn-hangzhou.aliyuncs.com`."""
    match = _VIRTUAL_HOST.fullmatch(request.headers.get("host", "").lower())
    return msgspec.structs.replace(request, path=f"/{match[1]}{request.path}") if match else request


def _md5(data: bytes) -> bytes:
    return binascii.b2a_base64(hashlib.md5(data, usedforsecurity=False).digest(), newline=False)
