"""The public keys that tokens are checked with: a JSON Web Key Set from an https URL or a file.

Kept for a while and read again when a token names a key that is not in it. When the source fails, what was read last
goes on being used: an outage there must not lock everybody out here.
"""

from __future__ import annotations

import asyncio
import logging
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from functions.api.problems import RequestRefused
from functions.errors import SettingsError
from functions.model import Clock, Moment, SystemClock

if TYPE_CHECKING:
    from jwt import PyJWK

FRESH_SECONDS = 300.0
COOLDOWN_SECONDS = 10.0
"""Anybody can make up key ids: unknown ones cause one read per this time, whether it succeeds or not."""
FETCH_TIMEOUT_SECONDS = 5.0
MAX_BYTES = 262_144
ALGORITHMS = {
    "RSA": frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
    "EC": frozenset({"ES256", "ES384", "ES512"}),
    "OKP": frozenset({"EdDSA"}),
}
"""Key type -> algorithms. Symmetric keys are left out: what is published is no secret."""
_log = logging.getLogger(__name__)


class KeySet:
    """The keys of one source."""

    def __init__(self, read: Callable[[], bytes], clock: Clock | None = None) -> None:
        """`read` gets the set's bytes, may block, and raises OSError when it cannot."""
        self._read = read
        self._clock = clock or SystemClock()
        self._keys: tuple[PyJWK, ...] = ()
        self._read_at: Moment | None = None
        self._tried_at: Moment | None = None
        self._reading = asyncio.Lock()

    async def find(self, key_id: str | None) -> PyJWK:
        """The key named `key_id`, or the only one there is when no name is given.

        Raises RequestRefused: `token-key-unknown`, or `keys-unavailable` when there are no keys at all.
        """
        found = self._match(key_id)
        # Who has a key need not stand in line while somebody else reads the set again.
        if not (found and self._reading.locked()):
            async with self._reading:
                if _older(self._read_at, FRESH_SECONDS, self._clock) or not self._match(key_id):
                    await self._read_again()
        if not self._keys:
            detail = "The key set could not be read; the log says why."
            raise RequestRefused("keys-unavailable", detail, retry_after=int(COOLDOWN_SECONDS))
        if found := self._match(key_id):
            return found
        raise RequestRefused("token-key-unknown", "No key of the configured key set has the token's key id.")

    def _match(self, key_id: str | None) -> PyJWK | None:
        if key_id is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.key_id == key_id), None)

    async def _read_again(self) -> None:
        if not _older(self._tried_at, COOLDOWN_SECONDS, self._clock):
            return
        self._tried_at = self._clock.now()
        try:
            self._keys = parse_keys(await asyncio.to_thread(self._read))
            self._read_at = self._tried_at
        except (OSError, HTTPException, ValueError) as fault:
            _log.warning("key set unreadable", extra={"members": {"fault": type(fault).__name__}})


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


def parse_keys(body: bytes) -> tuple[PyJWK, ...]:
    """The usable signing keys of a set; others are left out. Raises ValueError when it is no key set."""
    if len(body) > MAX_BYTES:
        raise ValueError("the key set is too large")
    document = msgspec.json.decode(body, type=_Document)
    return tuple(key for each in document.keys if (key := _signing_key(each)))


class _Document(msgspec.Struct):
    keys: list[dict[str, Any]]


def _signing_key(each: dict[str, Any]) -> PyJWK | None:
    from jwt import PyJWK, PyJWTError  # noqa: PLC0415 -- loaded only where tokens are checked

    if each.get("use") not in {None, "sig"} or each.get("kty") not in ALGORITHMS:
        return None
    try:
        key = PyJWK(each)
    except (PyJWTError, ValueError, TypeError):
        return None
    return key if key.algorithm_name in ALGORITHMS[each["kty"]] else None


def _older(moment: Moment | None, seconds: float, clock: Clock) -> bool:
    return moment is None or moment.age_at(clock.now()) >= seconds


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Keys come from the place that was configured, not from where it points to."""

    def redirect_request(  # noqa: PLR0913 -- urllib's signature
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow none: the answer then is an HTTPError."""


def _fetch(url: str) -> bytes:
    opener = urllib.request.build_opener(_NoRedirects())
    with opener.open(url, timeout=FETCH_TIMEOUT_SECONDS) as response:
        body: bytes = response.read(MAX_BYTES + 1)
        return body
