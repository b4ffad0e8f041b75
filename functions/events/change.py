"""One change of an object as it is kept: what is to be done about it, how far that has come, and the outcome."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self

import msgspec

from functions.events.parsing.events import ChangeKind, MalformedEvent, ObjectChange
from functions.model import Moment
from functions.tasks.render.task import instant_ms
from functions.tasks.report import TaskReport
from functions.urls import url_key

MISSING = "missing"
"""Status of an action whose tasks nobody knows, and outcome of a change that has such an action."""
_ID_DIGITS = 16
_EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
_CLOCK_DIFFERENCE = timedelta(days=1)


class ActionKind(StrEnum):
    """What is to be done for a URL."""

    REFRESH = "refresh"
    PRELOAD = "preload"
    FOLLOW = "follow"
    """Submit nothing; watch the tasks that somebody else submits."""


class _Stored(msgspec.Struct, frozen=True, rename="camel"):
    """camelCase in the store and in messages, as everywhere outside."""


class Action(_Stored, frozen=True, kw_only=True, omit_defaults=True):
    """One URL in one product, and what is to be done there.

    `task_ids` are without the product; `status` is that of this URL's rows at the last look (or `missing`), final when
    `done`; `refusal` says why nothing is submitted, for good. `last_rejection` and `vendor_code` are why the last
    attempt to submit did not work.
    """

    product: str
    kind: ActionKind = msgspec.field(name="action")
    object_type: str = "file"
    object_path: str
    task_ids: tuple[str, ...] = ()
    status: str | None = None
    done: bool = False
    refusal: str | None = None
    last_rejection: str | None = None
    vendor_code: str | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.done or self.refusal is not None

    @property
    def needs_task(self) -> bool:
        """Whether no task of it is known, and one may yet be."""
        return not (self.task_ids or self.finished)


class ChangeRecord(_Stored, frozen=True, kw_only=True):
    """One change of an object. `change_id` sorts by time; `outcome` is null until `closed_at`.

    `outcome`: `succeeded`, `failed` (a task failed), `rejected` (not submitted; an action's `refusal` says why),
    `quota-reserved` (not submitted, to leave the day's quota to others), `missing` (no task is known). `report` is the
    last look. `notices` counts attempts to deliver the outcome that failed,
    `delivered` names the receivers that have it. `claimed_by` is random: it makes each claim its own.
    """

    bucket: str
    key: str
    event: str
    change_id: str = msgspec.field(name="change")
    changed_at: datetime
    etag: str | None
    claimed_at: datetime
    claimed_by: str
    actions: tuple[Action, ...]
    outcome: str | None = None
    closed_at: datetime | None = None
    notices: int = 0
    delivered: tuple[str, ...] = ()
    report: TaskReport | None = None

    @property
    def object_id(self) -> str:
        """The object's name in the store."""
        return object_id(self.bucket, self.key)

    @property
    def url_keys(self) -> frozenset[str]:
        """All its URLs in normal form."""
        return frozenset(url_key(action.object_path) for action in self.actions)

    @property
    def second(self) -> str:
        """When it happened, as exactly as OSS tells it (docs/function-compute.md 5.1)."""
        return second_of(self.change_id)

    def age(self, now: Moment) -> float:
        """Seconds since it was claimed."""
        return now.wall - self.claimed_at.timestamp()

    def with_actions(self, actions: tuple[Action, ...]) -> Self:
        """The same change, further on."""
        return self if actions == self.actions else msgspec.structs.replace(self, actions=actions)

    def refreshes_before(self, action: Action) -> list[Action]:
        """The refreshes that must be complete before this action may start: those of a preload's product."""
        if action.kind is not ActionKind.PRELOAD:
            return []
        return [each for each in self.actions if each.kind is ActionKind.REFRESH and each.product == action.product]

    def is_immediate(self, action: Action) -> bool:
        """Whether it is submitted with the event itself, under the claim on the change."""
        return not self.refreshes_before(action)


def by_product(actions: Iterable[Action]) -> Mapping[str, tuple[Action, ...]]:
    """The actions of each product, in order."""
    found: dict[str, tuple[Action, ...]] = {}
    for action in actions:
        found[action.product] = (*found.get(action.product, ()), action)
    return found


def urls_of(actions: Iterable[Action]) -> tuple[str, ...]:
    """Their distinct URLs, in order."""
    return tuple(dict.fromkeys(action.object_path for action in actions))


def new_record(change: ObjectChange, actions: tuple[Action, ...], now: Moment) -> ChangeRecord:
    """A change that nobody has claimed yet. Raises MalformedEvent when its time cannot be true."""
    changed_at = _event_time(change.time, now.utc)
    return ChangeRecord(
        bucket=change.bucket,
        key=change.key,
        event=change.event,
        change_id=_change_id(change, changed_at),
        changed_at=changed_at,
        etag=change.etag,
        claimed_at=now.utc,
        claimed_by=secrets.token_hex(8),
        actions=actions,
    )


def decode_record(body: bytes) -> ChangeRecord:
    """A stored record. Raises ValueError.

    Version 0.1.0 wrote `actions` as `errands`; the old name is read until 0.3.0.
    """
    members = msgspec.json.decode(body, type=dict)
    if "errands" in members:
        members["actions"] = members.pop("errands")
    return msgspec.convert(members, ChangeRecord)


def object_id(bucket: str, key: str) -> str:
    """A name of one length for keys of any; names of buckets hold no "/"."""
    return hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()


def second_of(change_id: str) -> str:
    """The second in which a change happened, sortable."""
    return change_id[: len("2026-11-22T03:30:00")]


def _change_id(change: ObjectChange, changed_at: datetime) -> str:
    """The same for every delivery of a change, through whichever envelope, and sorted by time."""
    stamp = instant_ms(changed_at)
    identity = msgspec.json.encode((change.event, stamp, change.request_id or change.etag))
    # OSS tells whole seconds only. Of a removal and a creation in one second the creation is taken for the later one:
    # objects are replaced far more often than removed at once.
    rank = int(change.kind is ChangeKind.CREATED)
    return f"{stamp}-{rank}{hashlib.sha256(identity).hexdigest()[:_ID_DIGITS]}"


def _event_time(text: str | None, now: datetime) -> datetime:
    try:
        time = datetime.fromisoformat(text or "")
        time = (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedEvent("`eventTime` is no time: the order of changes cannot be told") from None
    if not _EARLIEST <= time <= now + _CLOCK_DIFFERENCE:
        # A change from the future would pass for the newest one ever after.
        raise MalformedEvent("`eventTime` cannot be true: it is before OSS began, or lies in the future")
    return time
