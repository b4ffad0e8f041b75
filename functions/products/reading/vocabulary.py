"""What the vendor's words mean, as tables (docs/vendor.md 4). A product passes its own where it differs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from functions.model import Status

STATUSES: Mapping[str, Status] = MappingProxyType(
    {
        "complete": Status.COMPLETE,
        "refreshing": Status.RUNNING,
        "preloading": Status.RUNNING,
        "pending": Status.PENDING,
        "preloadpending": Status.PENDING,
        "failed": Status.FAILED,
        "timeout": Status.TIMEOUT,
        "canceled": Status.CANCELED,
        "cancelled": Status.CANCELED,
    }
)
"""Status words in lower case. `Timeout` and `Canceled` exist since 2026, Preload* is in an official tool only."""

OBJECT_TYPES: Mapping[str, str] = MappingProxyType({"path": "directory"})
"""ObjectType words with another word of the same meaning; DCDN answers `path` for a directory (docs/vendor.md 1.5)."""

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "file": "refresh",
        "directory": "refresh",
        "regex": "refresh",
        "exquery": "refresh",
        "ignoreparams": "refresh",
        "cachetag": "refresh",
        "hostname": "refresh",
        "purgeall": "refresh",
        "preload": "preload",
        "block": "block",
        "unblock": "unblock",
    }
)
"""What a task of a normalized ObjectType does."""

FAILURES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"internalerror"), "internal-error"),
    (re.compile(r"origintimeout"), "origin-timeout"),
    (re.compile(r"originreturnstatuscode5(xx|\d\d)"), "origin-5xx"),
)
"""Description, in lower case without anything but letters and digits, to the reason of a failed row."""

UNKNOWN_WORD = "unknown"
_NOISE = re.compile(r"[^a-z0-9]")


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """One product's vocabulary."""

    statuses: Mapping[str, Status] = STATUSES
    object_types: Mapping[str, str] = OBJECT_TYPES
    failures: tuple[tuple[re.Pattern[str], str], ...] = FAILURES

    def status(self, word: str) -> Status:
        """The status that a vendor's word means; an unknown word is UNKNOWN, never an error."""
        return self.statuses.get(word.strip().lower(), Status.UNKNOWN)

    def object_type(self, word: str) -> str:
        """The normalized ObjectType; any other word stays as it is, in lower case."""
        lowered = word.strip().lower()
        return self.object_types.get(lowered, lowered) or UNKNOWN_WORD

    def failure(self, description: str | None) -> str:
        """The stable reason of a failed row."""
        folded = _NOISE.sub("", (description or "").lower())
        return next((reason for pattern, reason in self.failures if pattern.fullmatch(folded)), "other")


def action_of(object_type: str) -> str:
    """`refresh`, `preload`, …: what a task of this normalized ObjectType does."""
    return ACTIONS.get(object_type, UNKNOWN_WORD)
