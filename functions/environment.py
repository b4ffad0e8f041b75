"""Reads environment variables, one at a time, and words each refusal the same way."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from functions.errors import SettingsError

PREFIX = "TASK_STATUS_"
_SECRET = ("SECRET", "SHARED")
"""Values of variables named so are never shown."""
MIN_SIGNING_SECRET_BYTES = 32
"""HS256 wants a key at least as long as its hash (RFC 7518, 3.2)."""
MIN_WEBHOOK_SECRET_BYTES = 24
"""https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""

T = TypeVar("T")


class Environment:
    """The variables that begin with TASK_STATUS_; an empty one is as good as none. `name` is without the prefix.

    All methods raise SettingsError: the variable, the fault, an example, in one line that shows no secret.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        """`environ` is like os.environ."""
        self._environ = environ

    def has(self, name: str) -> bool:
        """Whether it is set."""
        return bool(self._environ.get(PREFIX + name, "").strip())

    def value(self, name: str, parse: Callable[[str], T], example: str) -> T:
        """What `parse` reads in a variable that is set; it raises ValueError with the fault."""
        raw = self._environ[PREFIX + name].strip()
        try:
            return parse(raw)
        except ValueError as fault:
            shown = "the value" if any(word in name for word in _SECRET) else repr(raw)
            msg = f"{PREFIX}{name}: {shown} cannot be used: {fault}. Example: {PREFIX}{name}={example}"
            raise SettingsError(msg) from None

    def optional(self, name: str, parse: Callable[[str], T], example: str) -> T | None:
        """The same; None when it is not set."""
        return self.value(name, parse, example) if self.has(name) else None

    def number(self, name: str, default: float, low: float, high: float, *, whole: bool = False) -> float:
        """A number from `low` to `high`."""

        def parse(raw: str) -> float:
            value = int(raw) if whole else float(raw)
            if not low <= value <= high:
                raise ValueError(f"it must be from {low:g} to {high:g}")
            return value

        return self.value(name, parse, f"{default:g}") if self.has(name) else default

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """One of the words `allowed`, in any case."""

        def parse(raw: str) -> str:
            for word in allowed:
                if raw.lower() == word.lower():
                    return word
            raise ValueError(f"it must be one of {', '.join(allowed)}")

        return self.value(name, parse, default) if self.has(name) else default

    def words(
        self,
        name: str,
        default: tuple[str, ...],
        *,
        allowed: tuple[str, ...] = (),
        check: Callable[[str], str] = str,
        example: str = "",
    ) -> tuple[str, ...]:
        """Words joined by commas, each as `check` returns it: those of `allowed`, in its order, where it is given."""

        def parse(raw: str) -> tuple[str, ...]:
            found = [check(word.strip()) for word in raw.split(",") if word.strip()]
            unknown = [word for word in found if allowed and word not in allowed]
            if unknown or not found:
                raise ValueError(
                    f"it must be a comma-separated choice of {', '.join(allowed)}" if allowed else "it is empty"
                )
            return tuple(word for word in allowed if word in found) if allowed else tuple(dict.fromkeys(found))

        return self.value(name, parse, example or ",".join(default)) if self.has(name) else default


def origin(raw: str) -> str:
    """An origin as browsers send it, in lower case. Raises ValueError."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?", raw):
        raise ValueError(f"{raw!r} is not an origin (scheme and host, no path, no *)")
    return raw.lower()


def bucket_and_prefix(raw: str) -> str:
    """`oss://bucket/prefix`. Raises ValueError."""
    if not re.fullmatch(r"oss://[a-z0-9][a-z0-9-]{1,61}[a-z0-9](/.*)?", raw):
        raise ValueError("it must name a bucket and a prefix")
    return raw.rstrip("/")


def web_url(raw: str) -> str:
    """An http or https URL. Raises ValueError."""
    if not re.fullmatch(r"https?://[^\s/]+\S*", raw):
        raise ValueError("it must be an http(s) URL")
    return raw


def redis_url(raw: str) -> str:
    """`redis://` or `rediss://`, `[user:password@]host[:port][/db]`, without a query. Raises ValueError."""
    if not re.fullmatch(r"rediss?://([^\s/?#@]*@)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?(/\d{0,3})?", raw):
        raise ValueError(
            "it must be redis:// or rediss://, user:password@ (percent-encoded) where needed, host:port/db"
        )
    return raw


def signing_secret(raw: str) -> str:
    """A secret for HS256. Raises ValueError."""
    if len(raw.encode()) < MIN_SIGNING_SECRET_BYTES:
        raise ValueError(f"it must have at least {MIN_SIGNING_SECRET_BYTES} bytes")
    return raw


def webhook_secret(raw: str) -> bytes:
    """The secret in the form of Standard Webhooks. Raises ValueError."""
    try:
        secret = base64.b64decode(raw.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ValueError("it is not base64, with or without whsec_ in front") from None
    if len(secret) < MIN_WEBHOOK_SECRET_BYTES:
        raise ValueError(f"it must have at least {MIN_WEBHOOK_SECRET_BYTES} bytes before base64")
    return secret


def host_name(raw: str) -> str:
    """A host name or address in lower case. Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:]+", raw):
        raise ValueError(f"{raw!r} is not a host name or address (no scheme, no port, no *)")
    return raw.lower()
