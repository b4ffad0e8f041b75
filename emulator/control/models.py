"""What the control API takes, as JSON in camelCase; a member that is not known is refused."""

from __future__ import annotations

import msgspec

from emulator.core.accounts import DEFAULT_ACCOUNT
from emulator.core.faults import AnyFault
from emulator.core.latency import EVERY
from emulator.tasks.transition import Row, Transition


class _Json(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What comes in: camelCase, nothing unknown."""


class NewTask(_Json, frozen=True, kw_only=True):
    """A task to add; `rows` are URLs or Rows."""

    product: str
    rows: list[Row | str]
    task_id: str | None = None
    object_type: str = "file"
    age: float = 0.0
    transition: Transition = Transition()
    account: str = DEFAULT_ACCOUNT


class TaskChange(_Json, frozen=True, kw_only=True):
    """Fix the row at `object_path`, add `rows`, set `transition`: what is present is done."""

    object_path: str | None = None
    status: str | None = None
    progress: float | None = None
    description: str | None = None
    rows: list[Row | str] = []
    transition: Transition | None = None


class TaskSettings(_Json, frozen=True, kw_only=True, omit_defaults=True):
    """How tasks move and are listed; `own_domains` null means all."""

    submit_transition: Transition | msgspec.UnsetType = msgspec.UNSET
    pull_triggered: bool | msgspec.UnsetType = msgspec.UNSET
    end_time_inclusive: bool | msgspec.UnsetType = msgspec.UNSET
    own_domains: frozenset[str] | msgspec.UnsetType | None = msgspec.UNSET


class Summary(_Json, frozen=True, kw_only=True):
    """How much has happened: changes of objects that have invoked a function, and webhooks received."""

    changes: int
    webhooks: int


class Upload(_Json, frozen=True, kw_only=True):
    """A request that a browser sends to upload one object: no key or signature is needed beside the URL."""

    method: str
    url: str
    headers: dict[str, str]


class NewFault(_Json, frozen=True, kw_only=True):
    """A fault to switch on."""

    fault: AnyFault
    action: str = EVERY
    times: int | None = None


class NewLatency(_Json, frozen=True, kw_only=True):
    """A delay to set, in seconds."""

    base: float
    jitter: float = 0.0
    action: str = EVERY


class LimitChange(_Json, frozen=True, kw_only=True):
    """`lift` or `restore` all; else `action` with `qps` (null: none), or `product` with `kind`, `total`, `used`."""

    lift: bool = False
    restore: bool = False
    action: str | None = None
    qps: int | None = None
    product: str | None = None
    kind: str | None = None
    total: int = 0
    used: int = 0
