"""The kinds of submissions: refreshes and prefetches, with the vendor's limits for each."""

from __future__ import annotations

import msgspec

from functions.upstream.operation import Operation

URLS_PER_CALL, DIRECTORIES_PER_CALL, REGEXES_PER_CALL, PRELOADS_PER_CALL = 1_000, 100, 1, 100
"""Per call (docs/vendor.md 2). For DCDN prefetches a text says 1,000, the page 100: the smaller is safe."""
DOMAINS_PER_CALL = 10
"""Documented for CDN's refresh only; for operations without a documented limit ten is safe too."""
URLS_PER_MINUTE = 1_000
"""URLs of one domain to refresh within a minute (docs/vendor.md 2); DCDN's newer page allows more, VOD's none."""


class SubmitKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of submission: `action` and `object_type` as callers name it, and the vendor's operation and limits.

    Its tasks have the ObjectType `reported`; `word` is the ObjectType to send, None where the operation has none. At
    most `paths_per_call` URLs of `domains_per_call` domains fit in one call, and `paths_per_minute` URLs of one domain
    in a minute, None where no limit is documented.
    """

    operation: Operation
    action: str
    object_type: str
    reported: str
    word: str | None
    paths_per_call: int
    domains_per_call: int = DOMAINS_PER_CALL
    paths_per_minute: int | None = None


def family_kinds(refresh: Operation, preload: Operation, *, ignore_params: str) -> tuple[SubmitKind, ...]:
    """The kinds that CDN, DCDN and VOD share; `ignore_params` is the ObjectType for refreshing a URL with any query."""
    return (
        _refresh(refresh, "file", "File", URLS_PER_CALL, per_minute=URLS_PER_MINUTE),
        _refresh(refresh, "directory", "Directory", DIRECTORIES_PER_CALL),
        _refresh(refresh, "regex", "Regex", REGEXES_PER_CALL),
        _refresh(refresh, "ignoreparams", ignore_params, URLS_PER_CALL, per_minute=URLS_PER_MINUTE),
        SubmitKind(
            operation=preload,
            action="preload",
            object_type="file",
            reported="preload",
            word=None,
            paths_per_call=PRELOADS_PER_CALL,
        ),
    )


def _refresh(
    operation: Operation, object_type: str, word: str, per_call: int, *, per_minute: int | None = None
) -> SubmitKind:
    return SubmitKind(
        operation=operation,
        action="refresh",
        object_type=object_type,
        reported=object_type,
        word=word,
        paths_per_call=per_call,
        paths_per_minute=per_minute,
    )
