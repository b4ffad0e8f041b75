"""Signatures of version 2: `OSS2 AccessKeyId:…,Signature:…`, or a URL with `x-oss-signature` (HMAC-SHA256, Base64).

Still sent by older clients (`oss2.AuthV2`); what is signed is written down in that SDK.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from functools import partial

from emulator.core.errors import ApiError
from emulator.core.http1_parser import Request
from emulator.oss.errors import INVALID_AUTHORIZATION
from emulator.oss.signature.claim import Claim, epoch_of_http_date, percent_encode, whole_number

SCHEME = "OSS2 "
_AUTHORIZATION = re.compile(r"OSS2 AccessKeyId:([^,]+),(?:AdditionalHeaders:([^,]*),)?Signature:(\S+)")


def from_header(request: Request, query: Mapping[str, str]) -> Claim:
    """The claim in the Authorization header. Raises ApiError when it cannot be read."""
    match = _AUTHORIZATION.fullmatch(request.headers["authorization"])
    if match is None:
        raise ApiError(INVALID_AUTHORIZATION)
    key_id, additional, signature = match.groups()
    date = request.headers.get("date", "")
    return Claim(
        key_id=key_id,
        signature=signature,
        compute=partial(sign, request, query, date, additional or ""),
        token=request.headers.get("x-oss-security-token"),
        signed_at=epoch_of_http_date(date),
    )


def from_query(request: Request, query: Mapping[str, str]) -> Claim:
    """The claim of a presigned URL. Raises ApiError when it cannot be read."""
    signed = {name: value for name, value in query.items() if name != "x-oss-signature"}
    expires = query.get("x-oss-expires", "")
    return Claim(
        key_id=query.get("x-oss-access-key-id", ""),
        signature=query["x-oss-signature"],
        compute=partial(sign, request, signed, expires, query.get("x-oss-additional-headers", "")),
        token=query.get("security-token"),
        expires_at=whole_number(expires),
    )


def sign(request: Request, query: Mapping[str, str], date: str, additional: str, secret: str) -> str:
    """The signature that `secret` gives; `additional` are the names of further signed headers, joined by `;`."""
    headers, names = request.headers, sorted(additional.lower().split(";")) if additional else []
    signed = sorted(name for name in headers if name.startswith("x-oss-") or name in names)
    parts = (
        request.method,
        headers.get("content-md5", ""),
        headers.get("content-type", ""),
        date,
        *(f"{name}:{headers[name]}" for name in signed),
        ";".join(names),
        _resource(request.path, query),
    )
    return base64.b64encode(hmac.digest(secret.encode(), "\n".join(parts).encode(), "sha256")).decode()


def _resource(path: str, query: Mapping[str, str]) -> str:
    bucket, _, key = path.removeprefix("/").partition("/")
    pairs = sorted((percent_encode(name), percent_encode(value)) for name, value in query.items())
    text = "&".join(f"{name}={value}" if value else name for name, value in pairs)
    return percent_encode(f"/{bucket}/{key}" if bucket else "/") + (f"?{text}" if text else "")
