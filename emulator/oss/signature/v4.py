"""OSS4-HMAC-SHA256: is this request signed by a key we know, and just now?

The canonical request is rebuilt from what arrived (vendor page "Include V4 signatures in the Authorization header"):
path and query are decoded and encoded again, so that it does not matter how a client spells them.
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from urllib.parse import quote

import msgspec

from emulator.core.accounts import AccessKey, Accounts
from emulator.core.errors import ApiError
from emulator.core.requests import Request
from emulator.oss.errors import (
    DATE_MISSING,
    INVALID_ACCESS_KEY,
    INVALID_AUTHORIZATION,
    INVALID_TOKEN,
    MISMATCH,
    TIME_SKEWED,
    TOKEN_EXPIRED,
)
from emulator.tasks.signature import MAX_SKEW_SECONDS

ALGORITHM = "OSS4-HMAC-SHA256"
PAYLOAD = "UNSIGNED-PAYLOAD"
"""The only value that OSS takes for x-oss-content-sha256."""
TERMINATOR = "aliyun_v4_request"
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=([^/,]+)/(\d{{8}})/([^/,]+)/oss/{TERMINATOR}"
    r"(?:, ?AdditionalHeaders=([^,]+))?, ?Signature=([0-9a-f]{64})"
)
_DATE_FORMAT = "%Y%m%dT%H%M%SZ"
_ALWAYS_SIGNED = frozenset({"content-type", "content-md5"})


class Authorization(msgspec.Struct, frozen=True):
    """The Authorization header, taken apart."""

    key_id: str
    day: str
    region: str
    additional: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """What the signing key is good for."""
        return f"{self.day}/{self.region}/oss/{TERMINATOR}"

    @classmethod
    def read(cls, header: str) -> Authorization:
        """Raises ApiError InvalidArgument when it is not of the V4 form."""
        match = _AUTHORIZATION.fullmatch(header)
        if match is None:
            raise ApiError(INVALID_AUTHORIZATION)
        key_id, day, region, additional, signature = match.groups()
        return cls(key_id, day, region, tuple(sorted((additional or "").split(";"))) if additional else (), signature)


class Verifier:
    """Checks signatures. Dates are held against the real clock: the SDK signs with it."""

    def __init__(self, accounts: Accounts, wall: Callable[[], float] = time.time) -> None:
        """`wall` in epoch seconds."""
        self._accounts = accounts
        self._wall = wall

    def verify(self, request: Request, query: Mapping[str, str]) -> AccessKey:
        """The key that signed `request`. Raises ApiError with OSS's code otherwise."""
        given = Authorization.read(request.headers.get("authorization", ""))
        key = self._accounts.get(given.key_id)
        if key is None:
            raise ApiError(INVALID_ACCESS_KEY)
        now = self._wall()
        _check_date(request.headers.get("x-oss-date", ""), given.day, now)
        _check_token(key, request.headers.get("x-oss-security-token"), now)
        if request.headers.get("x-oss-content-sha256") != PAYLOAD:
            raise ApiError(INVALID_AUTHORIZATION)
        if not hmac.compare_digest(given.signature, sign(request, query, given, key.secret)):
            raise ApiError(MISMATCH)
        return key


def sign(request: Request, query: Mapping[str, str], given: Authorization, secret: str) -> str:
    """The signature that `secret` gives for this request within the scope of `given`, as hex."""
    digest = hashlib.sha256(_canonical(request, query, given.additional).encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{request.headers['x-oss-date']}\n{given.scope}\n{digest}"
    key = f"aliyun_v4{secret}".encode()
    for part in (given.day, given.region, "oss", TERMINATOR, to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


def _canonical(request: Request, query: Mapping[str, str], additional: tuple[str, ...]) -> str:
    pairs = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in query.items())
    canonical_query = "&".join(f"{name}={value}" if value else name for name, value in pairs)
    signed = sorted(
        name for name in request.headers if name.startswith("x-oss-") or name in {*_ALWAYS_SIGNED, *additional}
    )
    headers = "".join(f"{name}:{request.headers[name]}\n" for name in signed)
    path = quote(request.path, safe="/")
    return f"{request.method}\n{path}\n{canonical_query}\n{headers}\n{';'.join(additional)}\n{PAYLOAD}"


def _check_date(date: str, day: str, now: float) -> None:
    try:
        signed_at = calendar.timegm(time.strptime(date, _DATE_FORMAT))
    except ValueError:
        raise ApiError(DATE_MISSING) from None
    if not date.startswith(day):
        raise ApiError(INVALID_AUTHORIZATION)
    if abs(now - signed_at) > MAX_SKEW_SECONDS:
        raise ApiError(TIME_SKEWED)


def _check_token(key: AccessKey, token: str | None, now: float) -> None:
    if not key.matches(token):
        raise ApiError(INVALID_TOKEN)
    if key.is_expired(now):
        raise ApiError(TOKEN_EXPIRED)
