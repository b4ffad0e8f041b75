"""The kinds of submissions that CDN, DCDN and VOD share; a product passes in what differs."""

from __future__ import annotations

from functions.products.spec import SubmitSpec
from functions.upstream.operation import Operation

URLS_PER_CALL, DIRECTORIES_PER_CALL, REGEXES_PER_CALL, PRELOADS_PER_CALL = 1_000, 100, 1, 100
"""Per call (docs/vendor.md 2). For DCDN prefetches a text says 1,000, the page 100: the smaller is safe."""
DOMAINS_PER_CALL = 10
"""Documented for CDN's refresh only; for operations without a documented limit ten is safe too."""
URLS_PER_MINUTE = 1_000
"""URLs of one domain to refresh within a minute (docs/vendor.md 2); DCDN's newer page allows more, VOD's none."""


def submit_specs(refresh: Operation, preload: Operation, *, ignore_params: str) -> tuple[SubmitSpec, ...]:
    """A product's kinds of submissions; `ignore_params` is its ObjectType for refreshing a URL with any query."""
    return (
        _kind(refresh, "refresh", "file", "File", URLS_PER_CALL, per_minute=URLS_PER_MINUTE),
        _kind(refresh, "refresh", "directory", "Directory", DIRECTORIES_PER_CALL),
        _kind(refresh, "refresh", "regex", "Regex", REGEXES_PER_CALL),
        _kind(refresh, "refresh", "ignoreparams", ignore_params, URLS_PER_CALL, per_minute=URLS_PER_MINUTE),
        _kind(preload, "preload", "file", None, PRELOADS_PER_CALL, reported="preload"),
    )


def _kind(  # noqa: PLR0913 -- the columns of a table
    operation: Operation,
    action: str,
    object_type: str,
    word: str | None,
    per_call: int,
    *,
    reported: str | None = None,
    per_minute: int | None = None,
) -> SubmitSpec:
    return SubmitSpec(
        operation=operation,
        action=action,
        object_type=object_type,
        reported=reported or object_type,
        word=word,
        paths_per_call=per_call,
        domains_per_call=DOMAINS_PER_CALL,
        paths_per_minute=per_minute,
    )
