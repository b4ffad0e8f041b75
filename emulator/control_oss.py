"""The control door's commands for OSS, its triggers and the webhook receiver.

GET    buckets                   [BucketSettings]; POST: BucketSettings
POST   notifications             Notification -> {"ruleId"}
POST   timers                    Timer; DELETE: none ticks any more
GET    events                    [ObjectEvent]
POST   events/redeliver          {"events": how many}
GET    deliveries                [Attempt], the answers in Base64
GET    delivery                  Delivery; PUT: Delivery
GET    webhooks                  [{"at", "headers", "body", "status"}]; DELETE; POST is the receiver itself
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from emulator.control_asked import Asked, Command
from emulator.notifications.courier import Delivery
from emulator.notifications.rules import Notification
from emulator.notifications.timers import Timer
from emulator.oss.buckets import BucketSettings
from emulator.state import Emulation


class ReceivedText(msgspec.Struct, frozen=True):
    """A webhook with its body as text."""

    at: float
    headers: Mapping[str, str]
    body: str
    status: int


def _add_rule(emulation: Emulation, asked: Asked) -> Mapping[str, str]:
    rule = asked.read(Notification)
    if not emulation.oss.buckets.has(rule.bucket):
        raise KeyError(rule.bucket)
    return {"ruleId": emulation.oss.add_rule(rule)}


def _set_delivery(emulation: Emulation, asked: Asked) -> None:
    emulation.oss.delivery = asked.read(Delivery)


def _received(emulation: Emulation, asked: Asked) -> list[ReceivedText]:
    del asked
    return [
        ReceivedText(each.at, each.headers, each.body.decode("utf-8", "replace"), each.status)
        for each in emulation.webhooks.received
    ]


def _delivery(emulation: Emulation, asked: Asked) -> dict[str, Any]:
    del asked
    shown: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(emulation.oss.delivery, credentials=None))
    return shown


COMMANDS: Mapping[tuple[str, str, int], Command] = {
    ("GET", "buckets", 0): lambda emulation, _asked: emulation.oss.buckets.all(),
    ("POST", "buckets", 0): lambda emulation, asked: emulation.oss.buckets.create(asked.read(BucketSettings)),
    ("POST", "notifications", 0): _add_rule,
    ("POST", "timers", 0): lambda emulation, asked: emulation.oss.add_timer(asked.read(Timer)),
    ("DELETE", "timers", 0): lambda emulation, _asked: emulation.oss.stop_timers(),
    ("GET", "events", 0): lambda emulation, _asked: emulation.oss.events,
    ("POST", "events", 1): lambda emulation, asked: _event_command(emulation, *asked.names),
    ("GET", "deliveries", 0): lambda emulation, _asked: emulation.oss.deliveries,
    ("GET", "delivery", 0): _delivery,
    ("PUT", "delivery", 0): _set_delivery,
    ("GET", "webhooks", 0): _received,
    ("DELETE", "webhooks", 0): lambda emulation, _asked: emulation.webhooks.clear(),
}


def _event_command(emulation: Emulation, verb: str) -> Mapping[str, int]:
    if verb != "redeliver":
        raise KeyError(verb)
    return {"events": emulation.oss.redeliver()}
