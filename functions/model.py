"""Types that every layer shares: task keys, rows, snapshots of tasks, and points in time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol, Self

import msgspec

VENDOR_WINDOW = timedelta(days=3)
"""How long the vendor answers for a task (docs/vendor.md 1.1: the error text of InvalidTime says so)."""


class Status(StrEnum):
    """What became of a row, or of a task when its rows are folded."""

    PENDING = "pending"
    """Queued; the vendor has not begun."""
    RUNNING = "running"
    """Under way, for refresh and prefetch alike (docs/vendor.md 6.7)."""
    COMPLETE = "complete"
    """Over, and it worked."""
    FAILED = "failed"
    """Over, and it did not work."""
    TIMEOUT = "timeout"
    """Over: the vendor gave up before executing it."""
    CANCELED = "canceled"
    """Over: somebody stopped it."""
    UNKNOWN = "unknown"
    """A word this version does not know; taken for not over."""

    @property
    def terminal(self) -> bool:
        """Whether the vendor is finished with it."""
        return self is Status.COMPLETE or self.bad

    @property
    def bad(self) -> bool:
        """Whether it is over without having worked."""
        return self in _BAD


_BAD = frozenset({Status.FAILED, Status.TIMEOUT, Status.CANCELED})


def in_account(account: str | None, name: str) -> str:
    """The name of something in an account, a product above all: `acme/cdn`; in the function's own (None) `cdn`."""
    return name if account is None else f"{account}/{name}"


def split_account(name: str) -> tuple[str | None, str]:
    """The account, and what is named in it: `acme` and `cdn` of `acme/cdn`, None and `cdn` of `cdn`."""
    account, _, rest = name.rpartition("/")
    return account or None, rest


class TaskKey(msgspec.Struct, frozen=True, order=True):
    """A task of one product (`cdn`; in another account `acme/cdn`); TaskIds are strings of digits and stay strings."""

    product: str
    task_id: str

    def __str__(self) -> str:
        """`cdn:24840` or `acme/cdn:24840`, the form that is valid as a `taskId` parameter."""
        return f"{self.product}:{self.task_id}"


class Row(msgspec.Struct, frozen=True, gc=False):
    """One URL or directory of a task, normalized once where the vendor's answer was read.

    `progress` is the vendor's figure 0-100 or None; `object_type` is normalized (a DCDN `path` is a `directory`);
    `raw_status` and `description` are the vendor's own words, `failure` the stable reason of a failed row.
    """

    task_id: str
    object_path: str
    object_type: str
    status: Status
    raw_status: str
    progress: float | None = None
    created_at: datetime | None = None
    description: str | None = None
    failure: str | None = None


class Moment(msgspec.Struct, frozen=True):
    """A point in time on two clocks, because either alone misleads after a freeze or a clock step."""

    wall: float
    mono: float

    def age_at(self, now: Moment) -> float:
        """Seconds since this moment: the larger of what the two clocks say (docs/function-compute.md 3.6)."""
        return max(now.wall - self.wall, now.mono - self.mono)

    def later(self, seconds: float) -> Self:
        """The moment `seconds` after this one."""
        return type(self)(wall=self.wall + seconds, mono=self.mono + seconds)

    @property
    def utc(self) -> datetime:
        """The wall clock's reading."""
        return datetime.fromtimestamp(self.wall, UTC)


class Clock(Protocol):
    """The source of time; tests pass their own."""

    def now(self) -> Moment:
        """The present moment."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> Moment:
        """Wall clock and the monotonic clock that asyncio's loops use too."""
        return Moment(wall=time.time(), mono=time.monotonic())


SETTLING_SECONDS = 60.0
"""Rows of a task can appear one by one (docs/vendor.md 6.2); a task older than this has all of them."""
SECOND_LOOK_SECONDS = 5.0
"""Two lookups this far apart with equal rows settle a younger task."""
APPEARING_SECONDS = 60.0
"""How long after this service first saw an id the vendor may still learn of it (docs/vendor.md 5.3)."""
PRIMED_SECONDS = 60.0
"""Reading a status updates it (docs/vendor.md 1.2): after a longer pause the first answer may be old."""


class TaskSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What a product answered about one task: all its rows, or none when it does not know the id.

    Made by `make_snapshot`.

    `checked` is when the product was asked; `unchanged_since` is when these same rows were first seen; `first_asked`
    is when this service first saw the id; `primed` tells that the vendor had been asked about it shortly before.
    `created_at` is the earliest creation time among the rows. `done`: every row is terminal and no further row can be
    expected; only then is the answer final. `recorded`: it was read from the history, not from the product.
    """

    key: TaskKey
    rows: tuple[Row, ...]
    checked: Moment
    unchanged_since: Moment
    first_asked: Moment
    primed: bool
    created_at: datetime | None
    done: bool
    recorded: bool = False

    @property
    def found(self) -> bool:
        """Whether the product knows the id."""
        return bool(self.rows)

    def young_at(self, now: Moment) -> bool:
        """Whether the id was first asked for so lately that the vendor may still come to know it."""
        return self.first_asked.age_at(now) < APPEARING_SECONDS

    def narrowed_to(self, rows: tuple[Row, ...]) -> TaskSnapshot:
        """The same snapshot with some of the rows only."""
        part = make_snapshot(
            self.key,
            rows,
            checked=self.checked,
            unchanged_since=self.unchanged_since,
            first_asked=self.first_asked,
            primed=self.primed,
        )
        return msgspec.structs.replace(part, recorded=self.recorded)


def make_snapshot(  # noqa: PLR0913 -- members, each by name
    key: TaskKey,
    rows: tuple[Row, ...],
    *,
    checked: Moment,
    unchanged_since: Moment,
    first_asked: Moment,
    primed: bool = False,
) -> TaskSnapshot:
    """A snapshot of these rows; `created_at` and `done` are derived from them."""
    created = min((row.created_at for row in rows if row.created_at), default=None)
    terminal = bool(rows) and all(row.status.terminal for row in rows)
    return TaskSnapshot(
        key=key,
        rows=rows,
        checked=checked,
        unchanged_since=unchanged_since,
        first_asked=first_asked,
        primed=primed,
        created_at=created,
        done=terminal and _settled(created, checked, unchanged_since),
    )


def _settled(created: datetime | None, checked: Moment, unchanged_since: Moment) -> bool:
    if created is not None and checked.wall - created.timestamp() > SETTLING_SECONDS:
        return True
    return unchanged_since.age_at(checked) >= SECOND_LOOK_SECONDS
