"""Cross-origin rules of a bucket: which origins may send which requests from a browser, and read the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import msgspec

from emulator.core.errors import NO_HEADERS


class CorsRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One rule; `*` in an origin or a header stands for anything. `max_age_seconds`: how long a preflight is good."""

    allowed_origins: tuple[str, ...]
    allowed_methods: tuple[str, ...]
    allowed_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age_seconds: int | None = None

    def allows(self, origin: str, method: str, headers: Iterable[str] = ()) -> bool:
        """Whether a page of `origin` may send such a request."""
        return (
            _matches(origin, self.allowed_origins)
            and method in self.allowed_methods
            and all(_matches(header, map(str.lower, self.allowed_headers)) for header in headers)
        )

    def response_headers(self, origin: str) -> Mapping[str, str]:
        """What an answer to that origin carries."""
        headers = {
            "access-control-allow-origin": "*" if "*" in self.allowed_origins else origin,
            "access-control-allow-methods": ", ".join(self.allowed_methods),
            "access-control-expose-headers": ", ".join(self.expose_headers),
            "vary": "Origin",
        }
        if self.max_age_seconds is not None:
            headers["access-control-max-age"] = str(self.max_age_seconds)
        return {name: value for name, value in headers.items() if value}


def preflight_headers(rules: Iterable[CorsRule], headers: Mapping[str, str]) -> Mapping[str, str] | None:
    """The headers of the answer to a preflight; None when no rule allows what it announces."""
    origin, method = headers.get("origin", ""), headers.get("access-control-request-method", "")
    announced = [name.strip().lower() for name in headers.get("access-control-request-headers", "").split(",")]
    names = [name for name in announced if name]
    rule = next((rule for rule in rules if rule.allows(origin, method, names)), None)
    if rule is None:
        return None
    allowed = {"access-control-allow-headers": ", ".join(names)} if names else {}
    return {**rule.response_headers(origin), **allowed}


def cors_headers(rules: Iterable[CorsRule], method: str, headers: Mapping[str, str]) -> Mapping[str, str]:
    """The cross-origin headers of an answer; none without an Origin or a rule for it."""
    origin = headers.get("origin")
    if origin is None:
        return NO_HEADERS
    rule = next((rule for rule in rules if rule.allows(origin, method)), None)
    return NO_HEADERS if rule is None else rule.response_headers(origin)


def _matches(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
