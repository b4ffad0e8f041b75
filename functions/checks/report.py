"""The answer's shape. These types are the contract of `POST /v1/checks` (docs/contract.md 7.2)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import msgspec

from functions.tasks.report import ActionWord, Instant, MatchWord, ObjectTypeWord, Problem, StatusWord


class Finding(StrEnum):
    """Why the edge serves what it serves."""

    FRESH = "fresh"
    """The edge serves what the origin has."""
    ORIGIN_NO_STORE = "origin-no-store"
    """The origin lets no cache keep it, and the edge did not: a refresh or a prefetch changes nothing."""
    ORIGIN_NOT_FOUND = "origin-not-found"
    """Neither the origin nor the edge has it."""
    ORIGIN_UNAVAILABLE = "origin-unavailable"
    """The origin gave no answer, or none to compare with: `origin` has the fault or the status."""
    EDGE_UNAVAILABLE = "edge-unavailable"
    """The edge gave no answer, or none to compare: `edge` has the fault or the status."""
    UNDECIDABLE = "undecidable"
    """Both answered, and nothing in the answers proves them equal or different."""
    TASKS_UNKNOWN = "tasks-unknown"
    """The edge serves something else, and the products could not say what was refreshed: `problems` has why."""
    NOT_REFRESHED = "not-refreshed"
    """The edge serves something else, and no refresh of the last three days covers the URL."""
    URL_DIFFERS = "url-differs-from-refreshed"
    """The edge serves something else: another spelling of the URL was refreshed, which is another object there."""
    TASK_RUNNING = "task-running"
    """The edge serves something else, and the newest refresh is not over."""
    TASK_FAILED = "task-failed"
    """The edge serves something else, and the newest refresh failed, timed out or was canceled."""
    TASK_OLDER_THAN_CHANGE = "task-older-than-change"
    """The edge serves something else: the origin changed after the newest refresh was made."""
    STALE_AT_EDGE = "stale-at-edge"
    """The edge serves something else, although the newest refresh is complete: refresh it again."""


class Fault(StrEnum):
    """Why there is no answer."""

    NAME_UNKNOWN = "name-unknown"
    """The host name has no address."""
    ADDRESS_REFUSED = "address-refused"
    """The host name has an address that is not public."""
    UNREACHABLE = "unreachable"
    """No connection, or one that broke."""
    CERTIFICATE = "certificate"
    """TLS failed: the certificate is not the host's, or nobody trusted vouches for it."""
    TIMEOUT = "timeout"
    """It took too long."""
    MALFORMED = "malformed"
    """What came is not HTTP, or more than an answer may have."""


def _known(words: Iterable[StrEnum]) -> msgspec.Meta:
    return msgspec.Meta(extra_json_schema={"x-extensible-enum": [word.value for word in words]})


FindingWord = Annotated[str, _known(Finding)]
FaultWord = Annotated[str, _known(Fault)]


class _Contract(msgspec.Struct, frozen=True, rename="camel"):
    """camelCase outside."""


class Observation(_Contract, frozen=True, kw_only=True, omit_defaults=True):
    """What was seen at one side: a status with its headers, cut to 256 characters each, or a `fault`.

    `xCache`, `savedAt` and `cacheSeconds` are the edge's X-Cache, X-Swift-SaveTime and X-Swift-CacheTime
    (docs/vendor.md 11.1). `sha256` is of the first `bytesRead` bytes of the body, where headers did not decide.
    """

    status: int | None = None
    fault: FaultWord | None = None
    etag: str | None = None
    last_modified: str | None = None
    content_length: str | None = None
    content_md5: str | None = None
    location: str | None = None
    cache_control: str | None = None
    age: int | None = None
    x_cache: str | None = None
    saved_at: str | None = None
    cache_seconds: int | None = None
    sha256: str | None = None
    bytes_read: int | None = None


class CheckedTask(_Contract, frozen=True, kw_only=True, omit_defaults=True):
    """The refresh that decides, as the one row of it that counts. No `match`: it covers another spelling."""

    id: str
    action: ActionWord
    object_type: ObjectTypeWord
    object_path: str
    status: StatusWord
    created_at: Instant | None
    match: MatchWord | None = None


class CheckReport(_Contract, frozen=True, kw_only=True):
    """Whether the edge serves what the origin has; `fresh` is null where that cannot be told.

    `differs` names the members of `edge` and `origin` that both have, and not equal.
    """

    url: str
    fresh: bool | None
    finding: FindingWord
    edge: Observation
    origin: Observation
    differs: tuple[str, ...]
    task: CheckedTask | None
    problems: tuple[Problem, ...]
    checked_at: Instant
