"""An emulator inside a test's own process, on its own thread, and everything a test needs to steer it.

    from emulator.testing import Row, Throttle, running_emulator

    with running_emulator() as emu:
        task_id = emu.tasks.add("cdn", [Row("http://example.com/a.jpg", "Failed", 25, "Origin Timeout")])
        emu.faults.add("vod", Throttle(), times=2)
        client = Client(Config(access_key_id=emu.access_key_id, access_key_secret=emu.access_key_secret,
                               endpoint=emu.endpoint, protocol="http", region_id="cn-shanghai"))
        ...
        assert emu.calls.count("DescribeRefreshTaskById") == 1

OSS is there too: the vendor's SDK takes `emu.url` as its endpoint, and `emu.oss` makes buckets, sends the events of
changed objects to a function, and lets its timer tick; `emu.webhooks` keeps what is posted to its address.

It starts in a few milliseconds, on a free port of 127.0.0.1, so a function-scoped fixture is fine:

    @pytest.fixture
    def emu() -> Iterator[Emulator]:
        with running_emulator() as emulator:
            yield emulator

Members may be used from any thread while it runs. Where a test must not wait for time to pass, it hands in a
`ManualClock` and advances it: tasks, the sliding second and the quotas' day follow. Two things stay on real time:
latency and faults' delays, and the dates in signatures, which the SDKs take from the real clock.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from emulator.app import server_for
from emulator.core.accounts import DEFAULT_KEY, AccessKey
from emulator.core.call_log import Call
from emulator.core.clock import Clock, ManualClock, SystemClock
from emulator.core.faults import (
    Answer,
    Drip,
    Hang,
    Huge,
    Redirect,
    Refuse,
    Reset,
    Slow,
    Text,
    Throttle,
    Truncate,
)
from emulator.core.roles import Role
from emulator.emulation import Emulation, Options
from emulator.events.delivery import Attempt, Delivery
from emulator.events.oss_event import ObjectEvent
from emulator.events.oss_triggers import DEFAULT_EVENTS
from emulator.events.webhooks import Webhook
from emulator.tasks.records import RowView, TaskView
from emulator.tasks.transition import Row, Transition

__all__ = [
    "DEFAULT_EVENTS",
    "AccessKey",
    "Answer",
    "Attempt",
    "Call",
    "Clock",
    "Delivery",
    "Drip",
    "Emulator",
    "Hang",
    "Huge",
    "ManualClock",
    "ObjectEvent",
    "Redirect",
    "Refuse",
    "Reset",
    "Role",
    "Row",
    "RowView",
    "Slow",
    "SystemClock",
    "TaskView",
    "Text",
    "Throttle",
    "Transition",
    "Truncate",
    "Webhook",
    "running_emulator",
]


class Emulator(Emulation):
    """An Emulation (tasks, faults, limits, calls, accounts, roles, oss, webhooks …) that runs, and its address."""

    def __init__(self, options: Options, clock: Clock | None) -> None:
        """Not running yet; see `running_emulator`."""
        super().__init__(options, clock)
        self._loop = asyncio.new_event_loop()
        self._server = server_for(self)
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)
        self.host = ""
        self.port = 0
        self.access_key_id = DEFAULT_KEY.id
        self.access_key_secret = DEFAULT_KEY.secret

    @property
    def endpoint(self) -> str:
        """`127.0.0.1:43211`, for `Config(endpoint=..., protocol="http")`."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """`http://127.0.0.1:43211`, for TASK_STATUS_CDN_ENDPOINT and its like."""
        return f"http://{self.endpoint}"

    def drop_connections(self) -> int:
        """Close every client's connection now, as an idle timeout would; returns how many there were."""

        async def drop() -> int:
            return self._server.drop_connections()

        return asyncio.run_coroutine_threadsafe(drop(), self._loop).result()

    def start(self, host: str, port: int) -> None:
        """Listen, and serve on a thread of its own. Raises OSError when the port is taken."""
        # On its own thread from the beginning: the caller may be inside a running loop.
        self._thread.start()
        try:
            self.port = asyncio.run_coroutine_threadsafe(self._server.start(host, port), self._loop).result()
        except OSError:
            self.stop()
            raise
        self.host = host

    def stop(self) -> None:
        """Drop everything and end the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._server.stop())
        self._loop.close()


@contextmanager
def running_emulator(  # noqa: PLR0913 -- every one has a default, a test names what it needs
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Clock | None = None,
    samples: bool = True,
    limits: bool = True,
    latency: float = 0.0,
    jitter: float = 0.0,
) -> Iterator[Emulator]:
    """An emulator that runs until the block is left.

    `port` 0 takes a free one. `samples=False` starts with no tasks, `limits=False` with calls a second and quotas
    unbounded. `latency` and `jitter` are seconds, for every action.
    """
    emulator = Emulator(Options(samples=samples, limits=limits, latency=latency, jitter=jitter), clock)
    emulator.start(host, port)
    try:
        yield emulator
    finally:
        emulator.stop()
