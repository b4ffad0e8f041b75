"""What is known of one change of an object, in the one shape in which it is kept: errands, their tasks, the outcome."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Self

import msgspec

from functions.events.parsing import MalformedEvent, ObjectChange
from functions.model import Moment
from functions.tasks.render.task import instant_ms
from functions.tasks.report import TaskReport

FOLLOW = "follow"
"""An errand that submits nothing: the tasks are those that somebody else submits."""
MISSING = "missing"
"""The status of an errand whose tasks nobody knows, and the outcome of a change that has such a one."""
_CHANGE_ID_DIGITS = 16


class _Kept(msgspec.Struct, frozen=True, rename="camel"):
    """camelCase in the store, as everywhere outside."""


class Action(_Kept, frozen=True, kw_only=True, omit_defaults=True):
    """One URL in one product, and what is to be done there: `refresh`, `preload` or `follow`.

    `task_ids` without the product; `status` is the last one seen of this URL's rows; `done`: it is final; `refusal` is
    why nothing was submitted, for good.
    """

    product: str
    action: str
    object_type: str = "file"
    object_path: str
    task_ids: tuple[str, ...] = ()
    status: str | None = None
    done: bool = False
    refusal: str | None = None

    @property
    def waiting(self) -> bool:
        """Whether no task of it is known, and one may yet be."""
        return not (self.task_ids or self.over)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.done or self.refusal is not None

    @property
    def place(self) -> tuple[str, str, str]:
        """What travels in one call: product, action, object type."""
        return self.product, self.action, self.object_type


class ChangeRecord(_Kept, frozen=True, kw_only=True):
    """One change of an object. `change` is its name, which sorts by time; `outcome` is null until `closed_at`.

    `outcome`: `succeeded`, `failed` (a task failed), `rejected` (not submitted, `refusal` says why), `quota-reserved`
    (not submitted, to leave the day's quota to others), `missing` (no task is known). `report` is the last look,
    `notices` how often somebody could not be told, `claimed_by` a random word that makes each claim its own.
    """

    bucket: str
    key: str
    event: str
    change: str
    changed_at: datetime
    etag: str | None
    claimed_at: datetime
    claimed_by: str
    errands: tuple[Action, ...]
    outcome: str | None = None
    closed_at: datetime | None = None
    notices: int = 0
    report: TaskReport | None = None

    @property
    def object_id(self) -> str:
        """The object's name in the store."""
        return object_id(self.bucket, self.key)

    @property
    def urls(self) -> frozenset[str]:
        """All URLs it is about."""
        return frozenset(errand.object_path for errand in self.errands)

    def age(self, now: Moment) -> float:
        """Seconds since it was claimed."""
        return now.wall - self.claimed_at.timestamp()

    def with_errands(self, errands: tuple[Action, ...]) -> Self:
        """The same change, further on."""
        return self if errands == self.errands else msgspec.structs.replace(self, errands=errands)


def new_record(change: ObjectChange, errands: tuple[Action, ...], now: Moment) -> ChangeRecord:
    """A change that nobody has taken up yet. Raises MalformedEvent when it cannot be told from others."""
    changed_at = _instant(change.time)
    return ChangeRecord(
        bucket=change.bucket,
        key=change.key,
        event=change.event,
        change=_name(change, changed_at),
        changed_at=changed_at,
        etag=change.etag,
        claimed_at=now.utc,
        claimed_by=secrets.token_hex(8),
        errands=errands,
    )


def object_id(bucket: str, key: str) -> str:
    """A name of one length for keys of any; names of buckets hold no "/"."""
    return hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()


def _name(change: ObjectChange, changed_at: datetime) -> str:
    """The same for every delivery of a change, through whichever envelope, and sorted by time."""
    stamp = instant_ms(changed_at)
    told = msgspec.json.encode((change.event, stamp, change.request_id or change.etag))
    return f"{stamp}-{hashlib.sha256(told).hexdigest()[:_CHANGE_ID_DIGITS]}"


def _instant(text: str | None) -> datetime:
    try:
        read = datetime.fromisoformat(text or "")
    except ValueError:
        raise MalformedEvent("`eventTime` is no time: the order of changes cannot be told") from None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
