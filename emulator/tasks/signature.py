"""ACS3-HMAC-SHA256: is this request signed by a key we know, just now, and for the first time?

The canonical request is rebuilt from what arrived, as the SDKs build it (docs/vendor.md 7.2): query values are decoded
first, because sync and async clients encode them differently.
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from urllib.parse import quote

from emulator.core.accounts import AccessKey, Accounts
from emulator.core.errors import ApiError, api_error
from emulator.core.http1_parser import Request
from emulator.tasks.errors import missing_parameter

ALGORITHM = "ACS3-HMAC-SHA256"
MAX_SKEW_SECONDS = 15 * 60
"""Dates further away than this are refused (docs/vendor.md 5.2)."""
MUST_BE_SIGNED = (
    "host",
    "x-acs-action",
    "x-acs-version",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-content-sha256",
)
MUST_BE_PRESENT = MUST_BE_SIGNED[3:]
_AUTHORIZATION = re.compile(rf"{ALGORITHM} Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{{64}})")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Verifier:
    """Checks signatures, one nonce at a time. The date is checked against the real clock: the SDKs sign with theirs."""

    def __init__(self, accounts: Accounts, wall: Callable[[], float] = time.time) -> None:
        """`wall` is the clock that signing dates are held against, in epoch seconds."""
        self._accounts = accounts
        self._wall = wall
        self._nonces: OrderedDict[tuple[str, str], float] = OrderedDict()

    def verify(self, request: Request, query: Mapping[str, str]) -> AccessKey:
        """The key that signed `request`. Raises ApiError with the gateway's code otherwise."""
        authorization = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if authorization is None:
            raise api_error(400, "MissingAuthorization", f"Authorization of the form {ALGORITHM} is mandatory.")
        key_id, signed_headers, signature = authorization.groups()
        for header in MUST_BE_PRESENT:
            if header not in request.headers:
                raise missing_parameter(header)
        now = self._wall()
        _check_date(request.headers["x-acs-date"], now)
        key = self._known(key_id)
        _check_token(key, request.headers.get("x-acs-security-token"), now)
        if not hmac.compare_digest(signature, sign(request, query, signed_headers, key.secret)):
            raise _mismatch()
        self._use_nonce(key.id, request.headers["x-acs-signature-nonce"], now)
        return key

    def _known(self, key_id: str) -> AccessKey:
        key = self._accounts.get(key_id)
        if key is None:
            raise api_error(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        return key

    def _use_nonce(self, key_id: str, nonce: str, now: float) -> None:
        while self._nonces and next(iter(self._nonces.values())) < now - 2 * MAX_SKEW_SECONDS:
            self._nonces.popitem(last=False)
        if (key_id, nonce) in self._nonces:
            raise api_error(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces[key_id, nonce] = now


def sign(request: Request, query: Mapping[str, str], signed_headers: str, secret: str) -> str:
    """The signature that `secret` gives for this request, as hex. Raises ApiError when it does not cover enough."""
    names = signed_headers.split(";")
    covered = set(names)
    if not covered.issuperset(MUST_BE_SIGNED) or any(
        name.startswith("x-acs-") and name not in covered for name in request.headers
    ):
        raise _mismatch()
    payload = hashlib.sha256(request.body).hexdigest()
    if request.headers["x-acs-content-sha256"] != payload:
        raise _mismatch()
    canonical_query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(query.items()))
    canonical_headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
    canonical = f"{request.method}\n{request.path}\n{canonical_query}\n{canonical_headers}\n{signed_headers}\n{payload}"
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.digest(secret.encode(), to_sign.encode(), "sha256").hex()


def _encoded(text: str) -> str:
    return text if text.isalnum() and text.isascii() else quote(text, safe="~")


def _check_date(date: str, now: float) -> None:
    try:
        signed_at = calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%SZ")) if _DATE.fullmatch(date) else None
    except ValueError:
        signed_at = None
    if signed_at is None:
        raise api_error(400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.")
    if abs(now - signed_at) > MAX_SKEW_SECONDS:
        raise api_error(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")


def _check_token(key: AccessKey, token: str | None, now: float) -> None:
    if not key.matches(token):
        raise api_error(
            400, "InvalidSecurityToken.MismatchWithAccessKey", "Specified SecurityToken mismatch with the AccessKey."
        )
    if key.is_expired(now):
        raise api_error(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")


def _mismatch() -> ApiError:
    return api_error(400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.")
