"""Is this request signed by a key we know, and is the signature still good?"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping

from emulator.core.accounts import AccessKey, Accounts
from emulator.core.errors import ApiError
from emulator.core.http1_parser import Request
from emulator.oss.errors import (
    INVALID_ACCESS_KEY,
    INVALID_AUTHORIZATION,
    INVALID_TOKEN,
    MISMATCH,
    TIME_SKEWED,
    TOKEN_EXPIRED,
    URL_EXPIRED,
)
from emulator.oss.signature import v1, v2, v4
from emulator.oss.signature.claim import Claim

MAX_SKEW_SECONDS = 15 * 60
QUERY_NAMES = frozenset({"OSSAccessKeyId", "Expires", "Signature", "security-token"})
"""The names of version 1 in a presigned URL; those of the others begin with `x-oss-`."""
_BY_SCHEME = {v4.SCHEME: v4.from_header, v2.SCHEME: v2.from_header, v1.SCHEME: v1.from_header}
_BY_VERSION = {"OSS4-HMAC-SHA256": v4.from_query, "OSS2": v2.from_query}


class Verifier:
    """Checks signatures. Dates are held against the real clock: the SDKs sign with it."""

    def __init__(self, accounts: Accounts, wall: Callable[[], float] = time.time) -> None:
        """`wall` in epoch seconds."""
        self._accounts = accounts
        self._wall = wall

    def verify(self, request: Request, query: Mapping[str, str]) -> AccessKey:
        """The key that signed `request`. Raises ApiError with OSS's code otherwise."""
        claim = _claim(request, query)
        key = self._accounts.get(claim.key_id)
        if key is None:
            raise ApiError(INVALID_ACCESS_KEY)
        now = self._wall()
        _check_time(claim, now)
        if not key.matches(claim.token):
            raise ApiError(INVALID_TOKEN)
        if key.is_expired(now):
            raise ApiError(TOKEN_EXPIRED)
        if not hmac.compare_digest(claim.signature.encode(), claim.compute(key.secret).encode()):
            raise ApiError(MISMATCH)
        return key


def is_signed(request: Request, query: Mapping[str, str]) -> bool:
    """Whether the request says who signed it, in its headers or in its query."""
    return "authorization" in request.headers or not query.keys().isdisjoint({"x-oss-signature", "Signature"})


def _claim(request: Request, query: Mapping[str, str]) -> Claim:
    if "authorization" in request.headers:
        header = request.headers["authorization"]
        read = next((read for scheme, read in _BY_SCHEME.items() if header.startswith(scheme)), None)
    elif "x-oss-signature" in query:
        read = _BY_VERSION.get(query.get("x-oss-signature-version", ""))
    else:
        read = v1.from_query
    if read is None:
        raise ApiError(INVALID_AUTHORIZATION)
    return read(request, query)


def _check_time(claim: Claim, now: float) -> None:
    if claim.expires_at is None:
        if claim.signed_at is None or abs(now - claim.signed_at) > MAX_SKEW_SECONDS:
            raise ApiError(TIME_SKEWED)
    elif now > claim.expires_at:
        raise ApiError(URL_EXPIRED)
