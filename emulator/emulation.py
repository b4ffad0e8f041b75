"""The state of an emulator, in one piece: what it starts with, and the way back to that."""

from __future__ import annotations

import msgspec

from emulator.core.accounts import DEFAULT_KEY, AccessKey, Accounts
from emulator.core.background import Background
from emulator.core.call_log import CallLog
from emulator.core.clock import Clock, SystemClock
from emulator.core.exchange import Shared
from emulator.core.fault_registry import FaultRegistry
from emulator.core.latency import Latency
from emulator.core.roles import Roles
from emulator.edge.edges import Edges
from emulator.events.cdn_triggers import CdnTriggers
from emulator.events.webhooks import Webhooks
from emulator.oss.backend import OssBackend
from emulator.products import PRODUCTS
from emulator.tasks.backend import TaskBackend
from emulator.tasks.limits import Limits
from emulator.tasks.sts import LIMITS as STS_LIMITS
from emulator.vod.media import Media
from emulator.vod.samples import JOB


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How it starts, and what `reset` goes back to. `samples`: with tasks; `limits`: with the documented ones enforced.

    `latency` and `jitter` in seconds, for every action.
    """

    samples: bool = True
    limits: bool = True
    latency: float = 0.0
    jitter: float = 0.0
    pull_triggered: bool = False
    keys: tuple[AccessKey, ...] = (DEFAULT_KEY,)


class Emulation:
    """Everything an emulator is, except the thread or process it runs in. All members are thread-safe."""

    def __init__(self, options: Options | None = None, clock: Clock | None = None) -> None:
        """Tasks, the sliding second, the quotas' day and the call log go by `clock` (None: the system's)."""
        self._options = options or Options()
        self.clock = clock or SystemClock()
        self.faults = FaultRegistry()
        self.latency = Latency(self._options.latency, self._options.jitter)
        self.calls = CallLog()
        self.accounts = Accounts(self._options.keys)
        self.shared = Shared(self.clock, self.accounts, self.faults, self.latency, self.calls)
        self.tasks = TaskBackend(self.clock)
        self.roles = Roles(self.accounts)
        documented = {**{product.name: product.limits for product in PRODUCTS}, "sts": STS_LIMITS}
        self.limits = Limits(self.clock, documented, lifted=not self._options.limits)
        self.background = Background()
        self.media = Media(self.tasks)
        self.oss = OssBackend(self.clock, self.background)
        names = [product.name for product in PRODUCTS]
        self.edges = Edges(self.clock, self.tasks, self.oss.buckets, names)
        self.cdn_triggers = CdnTriggers(self.tasks, self.clock, self.background, self.oss.sender)
        self.webhooks = Webhooks(self.clock)
        self._populate()

    def reset(self) -> None:
        """All as at the start: tasks, faults, latency, limits, calls, keys, roles, buckets, edges, events, webhooks."""
        events = (self.oss, self.edges, self.cdn_triggers, self.webhooks)
        for part in (self.tasks, self.faults, self.latency, self.calls, *events):
            part.clear()
        self.limits.restore()
        self.accounts.reset()
        self.roles.clear()
        self._populate()

    def _populate(self) -> None:
        self.tasks.pull_triggered = self._options.pull_triggered
        if not self._options.samples:
            return
        for product in PRODUCTS:
            for sample in product.samples:
                self.tasks.add(
                    product.name,
                    sample.rows,
                    task_id=sample.task_id,
                    object_type=sample.object_type,
                    age=sample.age,
                    transition=sample.transition,
                )
        self.media.add_job(JOB, self.clock.now())
