"""The answer's shape. These types are the contract: they are encoded as they stand, and OpenAPI is made from them.

JSON names are camelCase; times are RFC 3339 UTC with `Z` and milliseconds where they are ours. Open sets (`product`,
`status`, `objectType`, `action`, `reason`) may grow; `done` and `outcome` are closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import msgspec

from functions.errors import Reason
from functions.model import Status, in_account
from functions.products.listing.coverage import Match
from functions.products.reading.vocabulary import ACTIONS, FAILURES
from functions.products.registry import PRODUCTS


def _known(words: Iterable[str]) -> msgspec.Meta:
    """The words of an open set that this version knows; the declarations for TypeScript are made from them."""
    return msgspec.Meta(extra_json_schema={"x-extensible-enum": list(dict.fromkeys(str(word) for word in words))})


ProductWord = Annotated[str, _known(PRODUCTS)]
StatusWord = Annotated[str, _known(Status)]
ActionWord = Annotated[str, _known((*ACTIONS.values(), "mixed"))]
ObjectTypeWord = Annotated[str, _known((*ACTIONS, "mixed"))]
ReasonWord = Annotated[str, _known(Reason)]
QuotaWord = Annotated[str, _known(("url", "directory", "regex", "preload", "block", "ignore-params", "preload-edge"))]
FailureWord = Annotated[str, _known((*(reason for _, reason in FAILURES), "other"))]
AccountWord = Annotated[str, msgspec.Meta(description="An account besides the service's own; absent for that one.")]
MatchWord = Annotated[str, _known(Match)]
Percent = Annotated[
    int | float,
    msgspec.Meta(
        # msgspec bounds single types only, not a union.
        extra_json_schema={"minimum": 0, "maximum": 100},
        description="Per cent; exactly 100 only when complete.",
    ),
]
Instant = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"}, description="RFC 3339, UTC, Z.")]


class _Contract(msgspec.Struct, frozen=True, rename="camel"):
    """camelCase outside."""


class ObjectError(_Contract, frozen=True, kw_only=True):
    """Why a row failed: a stable reason and the vendor's own words."""

    reason: FailureWord
    message: str


class TaskObject(_Contract, frozen=True, kw_only=True, omit_defaults=True):
    """One URL or directory of a task. `match` is as in the task; absent where the row does not concern the URL."""

    object_path: str
    status: StatusWord
    progress: Percent | None
    raw_status: str
    error: ObjectError | None
    match: MatchWord | None = None


class ObjectCounts(_Contract, frozen=True, kw_only=True):
    """How many rows are in which state; the states add up to `total`."""

    total: int
    pending: int = 0
    running: int = 0
    complete: int = 0
    failed: int = 0
    timeout: int = 0
    canceled: int = 0
    unknown: int = 0


class Source(StrEnum):
    """Where what is said of a task comes from."""

    VENDOR = "vendor"
    HISTORY = "history"


class Task(_Contract, frozen=True, kw_only=True, omit_defaults=True):
    """One task, folded from its rows.

    `match` tells how a task that was found by `objectPath` concerns the URL; absent in any other answer.
    """

    id: str
    product: ProductWord
    task_id: str
    action: ActionWord
    object_type: ObjectTypeWord
    status: StatusWord
    done: bool
    progress: Percent | None
    created_at: Instant | None
    expires_at: Instant | None
    checked_at: Instant
    stale: bool
    object_counts: ObjectCounts
    objects: tuple[TaskObject, ...]
    objects_omitted: int
    partial: bool = False
    source: Source = Source.VENDOR
    match: MatchWord | None = None
    account: AccountWord | None = None


class NotFound(_Contract, frozen=True, kw_only=True):
    """An id that every product asked answered for, and none knows."""

    id: str
    products: tuple[ProductWord, ...]
    may_appear: bool


class Undecided(_Contract, frozen=True, kw_only=True, omit_defaults=True):
    """An id that could not be decided, because these products gave no answer.

    `mayAppear` is true while another product, which does answer, may still come to know the id.
    """

    id: str
    products: tuple[ProductWord, ...]
    may_appear: bool = False


class Problem(_Contract, frozen=True, kw_only=True, omit_defaults=True):
    """Why a product did not answer; at most one entry per product and reason. No `retryAfter`: do not retry.

    With `mediaIds`: why nothing of these media of a job was submitted.
    """

    product: ProductWord
    reason: ReasonWord
    retry_after: int | None = None
    vendor_code: str | None = None
    request_ids: tuple[str, ...]
    media_ids: tuple[str, ...] = ()
    account: AccountWord | None = None


class Outcome(StrEnum):
    """How it ended, once it has."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    MISSING = "missing"


class Summary(_Contract, frozen=True, kw_only=True):
    """The whole question in figures. `outcome` is null until `done`."""

    asked: int
    found: int
    not_found: int
    undecided: int
    pending: int
    running: int
    complete: int
    failed: int
    timeout: int
    canceled: int
    unknown: int
    progress: Percent | None
    done: bool
    outcome: Outcome | None


class TaskReport(_Contract, frozen=True, kw_only=True):
    """The answer to a lookup. Each id asked stands in exactly one of `tasks`, `notFound`, `undecided`."""

    tasks: tuple[Task, ...]
    not_found: tuple[NotFound, ...]
    undecided: tuple[Undecided, ...]
    problems: tuple[Problem, ...]
    summary: Summary
    version: str


class TaskList(_Contract, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a list, newest first. No `nextPageToken`: this was the last page.

    `otherScheme` is there when nothing was found for an `objectPath`, and the same URL with https for http, or the
    other way round, has tasks.
    """

    tasks: tuple[Task, ...]
    problems: tuple[Problem, ...]
    next_page_token: str | None = None
    other_scheme: str | None = None


class Quota(_Contract, frozen=True, kw_only=True, omit_defaults=True):
    """What the account may do of one kind a day, and what remains today; null for what the vendor does not say."""

    product: ProductWord
    kind: QuotaWord
    quota: int | None
    remaining: int | None
    account: AccountWord | None = None


class QuotaReport(_Contract, frozen=True, kw_only=True):
    """The answer to what is left."""

    quotas: tuple[Quota, ...]
    checked_at: Instant
    problems: tuple[Problem, ...]


def product_name(of: Task | Problem | Quota) -> str:
    """Its product as ids name it: `acme/cdn` in another account."""
    return in_account(of.account, of.product)
