"""The public keys that tokens are verified with: a JSON Web Key Set (RFC 7517) from an https URL or a file.

It is kept for a while and read again when a token names a key that is not in it. When the source fails or is empty, the
keys that were read last stay in use: an outage of the issuer must not lock every caller out here.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from functions.api.problems import RequestRefused
from functions.errors import SettingsError
from functions.logs import log_event
from functions.model import Clock, Moment, SystemClock

FRESH_SECONDS = 300.0
COOLDOWN_SECONDS = 10.0
"""Anybody can make up key ids: unknown ones cause one read per this time, whether it succeeds or not."""
FETCH_SECONDS = 5.0
"""From connecting to the last byte."""
MAX_BYTES = 262_144
MIN_RSA_BITS = 2_048
"""RFC 7518, 3.3."""
USER_AGENT = "cdn-task-status"
"""Some firewalls refuse the names of HTTP libraries."""
ALGORITHMS = {
    "RSA": frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
    "EC": frozenset({"ES256", "ES384", "ES512"}),
    "OKP": frozenset({"EdDSA", "Ed25519"}),
}
"""Key type -> algorithms. Symmetric keys are left out: what is published is no secret."""
_ED25519 = ("EdDSA", "Ed25519")
"""The same algorithm; RFC 9864 gave it a name that names the curve."""


class VerificationKey(msgspec.Struct, frozen=True):
    """A key and the algorithms that may have been used with it. `key` is a secret, or one of `cryptography`'s types."""

    key_id: str | None
    algorithms: tuple[str, ...]
    key: Any


class KeySetUnreadable(Exception):  # noqa: N818 -- it says what happened
    """Raised when a source gives no key set; the text says why and holds nothing of the answer."""


class KeySet:
    """The keys of one source."""

    def __init__(self, read: Callable[[], bytes], clock: Clock | None = None) -> None:
        """`read` gets the set's bytes and may block. Raises OSError or KeySetUnreadable."""
        self._read = read
        self._clock = clock or SystemClock()
        self._keys: tuple[VerificationKey, ...] = ()
        self._read_at: Moment | None = None
        self._tried_at: Moment | None = None
        self._reading = asyncio.Lock()

    async def find(self, key_id: object) -> VerificationKey:
        """The key named `key_id`, or the only one there is when no name is given.

        Raises RequestRefused: `token-key-unknown`, or `keys-unavailable` when there are no keys at all.
        """
        found = self._match(key_id)
        # A known key need not wait while another request reads the set again.
        if not (found and self._reading.locked()):
            async with self._reading:
                if self._older(self._read_at, FRESH_SECONDS) or not self._match(key_id):
                    await self._read_again()
        if not self._keys:
            detail = "The key set could not be read; the log says why."
            raise RequestRefused("keys-unavailable", detail, retry_after=int(COOLDOWN_SECONDS))
        if found := self._match(key_id):
            return found
        raise RequestRefused("token-key-unknown", "No key of the configured key set has the token's key id.")

    def _match(self, key_id: object) -> VerificationKey | None:
        if key_id is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.key_id == key_id), None)

    async def _read_again(self) -> None:
        if not self._older(self._tried_at, COOLDOWN_SECONDS):
            return
        self._tried_at = self._clock.now()
        try:
            self._keys = parse_keys(await asyncio.to_thread(self._read))
            self._read_at = self._tried_at
        except (OSError, KeySetUnreadable) as fault:
            cause = str(fault) if isinstance(fault, KeySetUnreadable) else type(fault).__name__
            log_event("key set unreadable", level=logging.WARNING, cause=cause, keysKept=len(self._keys))

    def _older(self, moment: Moment | None, seconds: float) -> bool:
        return moment is None or moment.age_at(self._clock.now()) >= seconds


def key_source(setting: str) -> Callable[[], bytes]:
    """How to read what TASK_STATUS_JWKS names. Raises SettingsError when it is neither an https URL nor a file."""
    if setting.startswith("https://"):
        return lambda: _fetch(setting)
    path = Path(setting)
    if "://" not in setting and path.is_file():
        return path.read_bytes
    raise SettingsError(
        f"TASK_STATUS_JWKS: {setting!r} cannot be used: it is neither an https URL nor a file."
        " Example: TASK_STATUS_JWKS=https://id.example.com/.well-known/jwks.json"
    )


def parse_keys(body: bytes) -> tuple[VerificationKey, ...]:
    """The usable signing keys of a set; others are left out and logged. Raises KeySetUnreadable when none is left."""
    if len(body) > MAX_BYTES:
        raise KeySetUnreadable(f"it has more than {MAX_BYTES} bytes")
    try:
        document = msgspec.json.decode(body, type=_Document)
    except (ValueError, RecursionError):
        raise KeySetUnreadable("it is no JSON Web Key Set") from None
    keys = tuple(key for each in document.keys if (key := _verification_key(each)))
    if len(keys) < len(document.keys):
        log_event("keys left out", level=logging.WARNING, usable=len(keys), leftOut=len(document.keys) - len(keys))
    if not keys:
        raise KeySetUnreadable("it has no key that can verify a token")
    return keys


class _Document(msgspec.Struct):
    keys: list[dict[str, Any]]


def _verification_key(jwk: dict[str, Any]) -> VerificationKey | None:
    from jwt import PyJWTError, register_algorithm  # noqa: PLC0415 -- loaded only where tokens are verified
    from jwt.algorithms import OKPAlgorithm  # noqa: PLC0415 -- the same

    with suppress(ValueError):  # raised when it is registered already
        register_algorithm("Ed25519", OKPAlgorithm())
    try:
        return _usable(jwk)
    except (PyJWTError, ValueError, TypeError, AttributeError):
        return None


def _usable(jwk: dict[str, Any]) -> VerificationKey | None:
    from jwt import PyJWK  # noqa: PLC0415 -- loaded only where tokens are verified

    allowed, named = ALGORITHMS.get(jwk.get("kty", ""), frozenset()), jwk.get("alg")
    key = PyJWK(jwk, "EdDSA" if named in _ED25519 else None)
    if jwk.get("use", "sig") != "sig" or key.algorithm_name not in allowed:
        return None
    if key.key_type == "RSA" and key.key.key_size < MIN_RSA_BITS:
        return None
    if key.key_type == "OKP" and jwk["crv"] != "Ed25519":
        return None
    return VerificationKey(key.key_id, _ED25519 if key.key_type == "OKP" else (key.algorithm_name,), key.key)


def _fetch(url: str) -> bytes:
    from requests import RequestException  # noqa: PLC0415 -- loaded only where keys come from an address

    from functions.upstream.call_scope import call_within  # noqa: PLC0415 -- the same
    from functions.upstream.http_session import BoundedSession  # noqa: PLC0415 -- the same

    with call_within(FETCH_SECONDS) as call, BoundedSession(1) as session:
        session.headers["User-Agent"] = USER_AGENT
        # An issuer inside a company may have a certificate of the company's own.
        session.verify = os.environ.get("SSL_CERT_FILE") or True
        try:
            response = session.get(url, allow_redirects=False)
        except RequestException:
            raise KeySetUnreadable(f"no answer: {call.failure or 'unreachable'}") from None
    if not response.ok or response.is_redirect:
        raise KeySetUnreadable(f"its address answered {response.status_code}")
    return response.content
