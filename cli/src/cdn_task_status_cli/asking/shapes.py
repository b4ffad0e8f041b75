"""What of the contract's documents the command reads; the contract is the service's `/openapi.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STATES = ("pending", "running", "complete", "failed", "timeout", "canceled", "unknown")
BAD_STATES = ("failed", "timeout", "canceled")


@dataclass(frozen=True)
class RowError:
    """Why a row failed: a stable word, and the vendor's own."""

    reason: str
    message: str


@dataclass(frozen=True)
class Row:
    """One URL of a task."""

    object_path: str
    status: str
    raw_status: str
    error: RowError | None = None


@dataclass(frozen=True)
class Task:
    """One task; `objects` are some of its rows, failed ones first."""

    id: str
    action: str
    object_type: str
    status: str
    done: bool
    progress: float | None
    created_at: str | None
    object_counts: Mapping[str, int]
    objects: tuple[Row, ...]
    match: str | None = None
    """How it concerns the URL that a list was asked for."""

    def count(self, *states: str) -> int:
        """How many rows are in one of these states."""
        return sum(self.object_counts.get(state, 0) for state in states)


@dataclass(frozen=True)
class NotFound:
    """An id that no product asked knows."""

    id: str
    products: tuple[str, ...]
    may_appear: bool


@dataclass(frozen=True)
class Undecided:
    """An id for which these products could not be asked; others that answer may still come to know it."""

    id: str
    products: tuple[str, ...]
    may_appear: bool = False


@dataclass(frozen=True)
class Problem:
    """Why a product did not answer; `retry_after` in seconds, None: it does not pass by itself."""

    product: str
    reason: str
    retry_after: float | None = None
    account: str | None = None

    @property
    def name(self) -> str:
        """The product as ids name it: `acme/cdn` in another account."""
        return _named(self.account, self.product)


@dataclass(frozen=True)
class Summary:
    """All ids in figures; `outcome` is None until `done`."""

    progress: float | None
    done: bool
    outcome: str | None


@dataclass(frozen=True)
class Report:
    """The answer to a lookup."""

    tasks: tuple[Task, ...]
    not_found: tuple[NotFound, ...]
    undecided: tuple[Undecided, ...]
    problems: tuple[Problem, ...]
    summary: Summary
    version: str


@dataclass(frozen=True)
class Page:
    """The answer to a list."""

    tasks: tuple[Task, ...]
    problems: tuple[Problem, ...]
    next_page_token: str | None = None
    other_scheme: str | None = None
    """The URL asked for with https for http, or the other way round, where only that one has tasks."""


@dataclass(frozen=True)
class Quota:
    """What a product allows a day, and what is left; None: the vendor does not say."""

    product: str
    kind: str
    quota: int | None
    remaining: int | None
    account: str | None = None

    @property
    def name(self) -> str:
        """The product as ids name it: `acme/cdn` in another account."""
        return _named(self.account, self.product)


@dataclass(frozen=True)
class Quotas:
    """The answer to what is left."""

    quotas: tuple[Quota, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class SubmittedTask:
    """A task that a submission made."""

    id: str
    product: str
    task_id: str
    action: str
    object_type: str


@dataclass(frozen=True)
class Rejection:
    """URLs that were not submitted, or with `unknown-outcome` not surely. `retry_after` None: not soon."""

    object_paths: tuple[str, ...]
    reason: str
    vendor_code: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True)
class SubmitReport:
    """The answer to a submission."""

    tasks: tuple[SubmittedTask, ...] = ()
    rejected: tuple[Rejection, ...] = ()


@dataclass(frozen=True)
class ParameterFault:
    """One thing that is wrong with a question."""

    parameter: str
    detail: str
    value: str | None = None


@dataclass(frozen=True)
class ProblemDocument:
    """Why there is no answer (RFC 9457); `rejected` is of a submission of which nothing was taken."""

    reason: str
    title: str = ""
    detail: str = ""
    errors: tuple[ParameterFault, ...] = ()
    problems: tuple[Problem, ...] = ()
    rejected: tuple[Rejection, ...] = ()


def _named(account: str | None, product: str) -> str:
    return f"{account}/{product}" if account else product
