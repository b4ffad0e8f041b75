"""One call as an operation sees it, and the replies that operations give."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate

import msgspec

from emulator.errors import NO_HEADERS, ApiError
from emulator.http1 import Reply, Request
from emulator.oss.buckets import Bucket, Buckets, Cause
from emulator.oss.refusals import ACCESS_DENIED, INVALID_ARGUMENT, INVALID_DIGEST
from emulator.oss.xml import XML_TYPE, Pair, document

_KEPT_HEADERS = frozenset(
    {"content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires"}
)
_METADATA = "x-oss-meta-"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks what of which bucket and key; `key` is "" for calls on the bucket, `account` for unsigned ones."""

    request: Request
    query: Mapping[str, str]
    bucket_name: str
    key: str
    account: str
    request_id: str
    buckets: Buckets

    @property
    def bucket(self) -> Bucket:
        """The bucket that is asked. Raises ApiError NoSuchBucket."""
        return self.buckets.bucket(self.bucket_name)

    @property
    def headers(self) -> Mapping[str, str]:
        """The request's headers, in lower case."""
        return self.request.headers

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

    def kept_headers(self) -> Mapping[str, str]:
        """What is stored beside the bytes: the headers of their kind and the user's metadata."""
        kept = {name: value for name, value in self.headers.items() if name in _KEPT_HEADERS or _is_metadata(name)}
        return {"content-type": "application/octet-stream", **kept}

    def checked_body(self) -> bytes:
        """The body, whole. Raises ApiError InvalidDigest when Content-MD5 speaks of another one."""
        given = self.headers.get("content-md5")
        if given is not None and given.encode() != _md5(self.request.body):
            raise ApiError(INVALID_DIGEST)
        return self.request.body


def _md5(data: bytes) -> bytes:
    return binascii.b2a_base64(hashlib.md5(data, usedforsecurity=False).digest(), newline=False)


def _is_metadata(name: str) -> bool:
    return name.startswith(_METADATA)


def xml_reply(root: str, pairs: Iterable[Pair], headers: Mapping[str, str] = NO_HEADERS) -> Reply:
    """200 with a document."""
    return Reply(200, document(root, pairs), XML_TYPE, headers)


def http_date(epoch: float) -> str:
    """As headers carry it."""
    return formatdate(epoch, usegmt=True)


def xml_date(epoch: float) -> str:
    """As documents carry it, `2012-02-24T08:42:32.000Z`."""
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def error_in_header(body: bytes) -> Mapping[str, str]:
    """An error's document where no body is allowed: the answer to a HEAD."""
    return {"x-oss-err": base64.b64encode(body).decode()}
