"""The control API's commands for buckets, edges, what changes and other events invoke, and the webhook receiver.

GET    buckets                   [BucketSettings]; POST: BucketSettings
POST   edges                     EdgeSite: a domain whose origin is a bucket
POST   notifications             Notification -> {"ruleId"}
POST   timers                    Timer; DELETE: none ticks any more
POST   cdn-triggers              CdnTrigger: finished tasks of CDN invoke a function; DELETE: no more
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

from emulator.control.requests import Command, CommandRequest
from emulator.edge.edges import EdgeSite
from emulator.emulation import Emulation
from emulator.events.cdn_triggers import CdnTrigger
from emulator.events.delivery import Delivery
from emulator.events.oss_triggers import Notification
from emulator.events.timers import Timer
from emulator.oss.buckets import BucketSettings


class ReceivedText(msgspec.Struct, frozen=True):
    """A webhook with its body as text."""

    at: float
    headers: Mapping[str, str]
    body: str
    status: int


def _add_rule(emulation: Emulation, request: CommandRequest) -> Mapping[str, str]:
    rule = request.read(Notification)
    if not emulation.oss.buckets.has(rule.bucket):
        raise KeyError(rule.bucket)
    return {"ruleId": emulation.oss.add_rule(rule)}


def _set_delivery(emulation: Emulation, request: CommandRequest) -> None:
    emulation.oss.delivery = request.read(Delivery)


def _received(emulation: Emulation, request: CommandRequest) -> list[ReceivedText]:
    del request
    return [
        ReceivedText(each.at, each.headers, each.body.decode("utf-8", "replace"), each.status)
        for each in emulation.webhooks.received
    ]


def _delivery(emulation: Emulation, request: CommandRequest) -> dict[str, Any]:
    del request
    shown: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(emulation.oss.delivery, credentials=None))
    return shown


def _add_cdn_trigger(emulation: Emulation, request: CommandRequest) -> None:
    emulation.cdn_triggers.add(request.read(CdnTrigger))


COMMANDS: Mapping[tuple[str, str, int], Command] = {
    ("GET", "buckets", 0): lambda emulation, _request: emulation.oss.buckets.all(),
    ("POST", "buckets", 0): lambda emulation, request: emulation.oss.buckets.create(request.read(BucketSettings)),
    ("POST", "edges", 0): lambda emulation, request: emulation.edges.add(request.read(EdgeSite)),
    ("POST", "notifications", 0): _add_rule,
    ("POST", "timers", 0): lambda emulation, request: emulation.oss.add_timer(request.read(Timer)),
    ("DELETE", "timers", 0): lambda emulation, _request: emulation.oss.stop_timers(),
    ("POST", "cdn-triggers", 0): _add_cdn_trigger,
    ("DELETE", "cdn-triggers", 0): lambda emulation, _request: emulation.cdn_triggers.clear(),
    ("GET", "events", 0): lambda emulation, _request: emulation.oss.events,
    ("POST", "events", 1): lambda emulation, request: _event_command(emulation, *request.names),
    ("GET", "deliveries", 0): lambda emulation, _request: emulation.oss.deliveries,
    ("GET", "delivery", 0): _delivery,
    ("PUT", "delivery", 0): _set_delivery,
    ("GET", "webhooks", 0): _received,
    ("DELETE", "webhooks", 0): lambda emulation, _request: emulation.webhooks.clear(),
}


def _event_command(emulation: Emulation, verb: str) -> Mapping[str, int]:
    if verb != "redeliver":
        raise KeyError(verb)
    return {"events": emulation.oss.redeliver()}
