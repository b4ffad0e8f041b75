"""Signatures of version 4: OSS4-HMAC-SHA256 in the Authorization header, or in a URL as `x-oss-signature`.

The canonical request is rebuilt from what arrived: path and query are decoded and encoded again, so that it does not
matter how a client spells them. See
https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from functools import partial
from urllib.parse import quote, urlencode

import msgspec

from emulator.core.errors import ApiError
from emulator.core.http1_parser import Request
from emulator.events.oss_event import REGION
from emulator.oss.errors import INVALID_AUTHORIZATION
from emulator.oss.signature.claim import Claim, epoch_of_iso_date, percent_encode, whole_number

SCHEME = "OSS4-HMAC-SHA256"
PAYLOAD = "UNSIGNED-PAYLOAD"
"""The only value that OSS takes for x-oss-content-sha256."""
TERMINATOR = "aliyun_v4_request"
_AUTHORIZATION = re.compile(
    rf"{SCHEME} Credential=([^,]+)(?:, ?AdditionalHeaders=([^,]+))?, ?Signature=([0-9a-f]{{64}})"
)
_CREDENTIAL = re.compile(rf"([^/,]+)/((\d{{8}})/([^/,]+)/oss/{TERMINATOR})")
_ALWAYS_SIGNED = frozenset({"content-type", "content-md5"})


class Scope(msgspec.Struct, frozen=True):
    """What the signing key is good for, and when and over which additional headers it signed."""

    text: str
    day: str
    region: str
    date: str
    additional: tuple[str, ...]


def from_header(request: Request, query: Mapping[str, str]) -> Claim:
    """The claim in the Authorization header. Raises ApiError when it cannot be read."""
    headers = request.headers
    match = _AUTHORIZATION.fullmatch(headers["authorization"])
    if match is None or headers.get("x-oss-content-sha256") != PAYLOAD:
        raise ApiError(INVALID_AUTHORIZATION)
    credential, additional, signature = match.groups()
    key_id, scope = _scope(credential, headers.get("x-oss-date", ""), additional)
    return Claim(
        key_id=key_id,
        signature=signature,
        compute=partial(sign, request, query, scope),
        token=headers.get("x-oss-security-token"),
        signed_at=epoch_of_iso_date(scope.date),
    )


def from_query(request: Request, query: Mapping[str, str]) -> Claim:
    """The claim of a presigned URL. Raises ApiError when it cannot be read."""
    signed = {name: value for name, value in query.items() if name != "x-oss-signature"}
    date, additional = query.get("x-oss-date", ""), query.get("x-oss-additional-headers")
    signed_at = epoch_of_iso_date(date)
    key_id, scope = _scope(query.get("x-oss-credential", ""), date, additional)
    return Claim(
        key_id=key_id,
        signature=query["x-oss-signature"],
        compute=partial(sign, request, signed, scope),
        token=query.get("x-oss-security-token"),
        signed_at=signed_at,
        expires_at=signed_at + whole_number(query.get("x-oss-expires")),
    )


def presigned_query(request: Request, key_id: str, secret: str, now: float, seconds: int) -> str:
    """The query of a URL that makes `request`, headers included, for so many seconds from `now` (epoch s)."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    text = f"{date[:8]}/{REGION}/oss/{TERMINATOR}"
    query = {
        "x-oss-signature-version": SCHEME,
        "x-oss-credential": f"{key_id}/{text}",
        "x-oss-date": date,
        "x-oss-expires": str(seconds),
    }
    signature = sign(request, query, Scope(text, date[:8], REGION, date, ()), secret)
    return urlencode({**query, "x-oss-signature": signature}, quote_via=quote)


def sign(request: Request, query: Mapping[str, str], scope: Scope, secret: str) -> str:
    """The signature that `secret` gives within `scope`, as hex."""
    digest = hashlib.sha256(_canonical(request, query, scope.additional).encode()).hexdigest()
    to_sign = f"{SCHEME}\n{scope.date}\n{scope.text}\n{digest}"
    key = f"aliyun_v4{secret}".encode()
    for part in (scope.day, scope.region, "oss", TERMINATOR, to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


def _scope(credential: str, date: str, additional: str | None) -> tuple[str, Scope]:
    match = _CREDENTIAL.fullmatch(credential)
    if match is None:
        raise ApiError(INVALID_AUTHORIZATION)
    epoch_of_iso_date(date)
    key_id, text, day, region = match.groups()
    if not date.startswith(day):
        raise ApiError(INVALID_AUTHORIZATION)
    return key_id, Scope(text, day, region, date, tuple(sorted(additional.split(";"))) if additional else ())


def _canonical(request: Request, query: Mapping[str, str], additional: tuple[str, ...]) -> str:
    pairs = sorted((percent_encode(name), percent_encode(value)) for name, value in query.items())
    canonical_query = "&".join(f"{name}={value}" if value else name for name, value in pairs)
    signed = sorted(
        name for name in request.headers if name.startswith("x-oss-") or name in {*_ALWAYS_SIGNED, *additional}
    )
    headers = "".join(f"{name}:{request.headers[name]}\n" for name in signed)
    path = _resource_path(request.path)
    return f"{request.method}\n{path}\n{canonical_query}\n{headers}\n{';'.join(additional)}\n{PAYLOAD}"


def _resource_path(path: str) -> str:
    # A bucket ends in a slash here, however the client spelled it.
    return percent_encode(path if path.count("/") > 1 or path == "/" else f"{path}/", safe="/")
