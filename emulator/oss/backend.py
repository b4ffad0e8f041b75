"""OSS as tests and the control API see it: buckets, notifications, timers, and what became of the events."""

from __future__ import annotations

from threading import Lock

from emulator.core.accounts import DEFAULT_ACCOUNT
from emulator.core.background import Background
from emulator.core.clock import Clock
from emulator.events.delivery import Attempt, Delivery, EventSender, Invocation
from emulator.events.oss_event import ObjectEvent
from emulator.events.oss_triggers import DEFAULT_EVENTS, Notification
from emulator.events.timers import MINUTE, Timer, Timers
from emulator.oss.buckets import Buckets, BucketSettings, Cause
from emulator.oss.models import Content

BY_HAND = "0" * 24
"""The request id of changes that no request has made."""


class OssBackend:
    """The emulated OSS and the triggers that hang on it. Every member is thread-safe.

    Events and ticks are sent in the background, by real time, while the emulator runs; `settle` waits for them.
    """

    def __init__(self, clock: Clock, background: Background) -> None:
        """No buckets; the objects' times are `clock`'s."""
        self.buckets = Buckets(clock, self._announce)
        self.sender = EventSender(clock, background)
        self._timers = Timers(clock, background, self.sender)
        self._lock = Lock()
        self._rules: tuple[Notification, ...] = ()
        self._events: list[ObjectEvent] = []

    def clear(self) -> None:
        """As at the start: no buckets, rules, timers, events; deliveries in order and once."""
        self.stop_timers()
        with self._lock:
            self._rules, self._events = (), []
        self.buckets.clear()
        self.sender.clear()

    # Buckets and objects.

    def create_bucket(
        self, name: str, versioning: str | None = None, *, public_write: bool = False, account: str = DEFAULT_ACCOUNT
    ) -> None:
        """A bucket, empty; `versioning` None, Enabled or Suspended; `public_write`: anybody may, unsigned."""
        self.buckets.create(
            BucketSettings(name=name, account=account, versioning=versioning, public_write=public_write)
        )

    def set_versioning(self, name: str, versioning: str | None) -> None:
        """From now on. Raises ApiError for an unknown bucket."""
        self.buckets.set_versioning(name, versioning)

    def put(self, bucket: str, key: str, data: bytes | str, *, event: str | None = "ObjectCreated:PutObject") -> str:
        """Store an object as if uploaded, and return its ETag; `event` None: no event is sent."""
        content = Content.of(
            data.encode() if isinstance(data, str) else data, {"content-type": "application/octet-stream"}
        )
        return self.buckets.put(self.buckets.bucket(bucket), key, content, _by_hand(event)).content.etag

    def get(self, bucket: str, key: str) -> bytes | None:
        """The object's bytes, None without one."""
        found = self.buckets.bucket(bucket).objects.get(key)
        return None if found is None else found.content.data

    def delete(self, bucket: str, key: str, *, event: str | None = "ObjectRemoved:DeleteObject") -> None:
        """Delete an object, if it is there."""
        self.buckets.delete(self.buckets.bucket(bucket), key, _by_hand(event))

    def keys(self, bucket: str, prefix: str = "") -> tuple[str, ...]:
        """The keys that begin with `prefix`, in UTF-8 order."""
        with self.buckets.lock:
            return tuple(sorted(key for key in self.buckets.bucket(bucket).objects if key.startswith(prefix)))

    # Notifications and timers; `url` is a function's base, `http://127.0.0.1:9000`.

    def notify(
        self, bucket: str, url: str, *, events: tuple[str, ...] = DEFAULT_EVENTS, prefix: str = "", suffix: str = ""
    ) -> str:
        """Send these events to the function from now on; the rule's id."""
        return self.add_rule(Notification(bucket=bucket, url=url, events=events, prefix=prefix, suffix=suffix))

    def add_rule(self, rule: Notification) -> str:
        """The same, as a value."""
        with self._lock:
            self._rules = (*self._rules, rule)
        return rule.rule_id

    def timer(self, url: str, seconds: float = MINUTE, *, name: str = "sweep", payload: str = "sweep") -> None:
        """Tick every so many seconds, first after the first of them; never two ticks of one timer at once."""
        self.add_timer(Timer(url=url, seconds=seconds, name=name, payload=payload))

    def add_timer(self, timer: Timer) -> None:
        """The same, as a value."""
        self._timers.add(timer)

    def tick(self, url: str, *, name: str = "sweep", payload: str = "sweep") -> None:
        """One tick now; returns at once."""
        self._timers.send_tick(Timer(url=url, name=name, payload=payload))

    def stop_timers(self) -> None:
        """No timer ticks any more."""
        self._timers.clear()

    # What became of the events.

    @property
    def delivery(self) -> Delivery:
        """How events travel; settable."""
        return self.sender.options

    @delivery.setter
    def delivery(self, options: Delivery) -> None:
        self.sender.options = options

    @property
    def events(self) -> tuple[ObjectEvent, ...]:
        """Every change, oldest first, whether or not a rule matched."""
        with self._lock:
            return tuple(self._events)

    @property
    def deliveries(self) -> tuple[Attempt, ...]:
        """Every invocation, in the order in which they ended."""
        return self.sender.attempts

    def redeliver(self) -> int:
        """Send every event so far once more, to whom the rules name now; how many there were."""
        events = self.events
        for event in events:
            self._send(event)
        return len(events)

    def settle(self, timeout: float = 10.0) -> None:
        """Wait until no event or tick is under way. Raises TimeoutError after `timeout` seconds."""
        self.sender.settle(timeout)

    def _announce(self, event: ObjectEvent) -> None:
        with self._lock:
            self._events.append(event)
        self._send(event)

    def _send(self, event: ObjectEvent) -> None:
        for rule in self._rules:
            if rule.matches(event):
                body = event.encoded(rule.rule_id)
                self.sender.send_copies(Invocation(url=rule.url, kind="oss", key=event.key, body=body))


def _by_hand(event: str | None) -> Cause:
    return Cause(event, DEFAULT_ACCOUNT, BY_HAND)
