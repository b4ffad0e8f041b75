"""What triggers must hold to: fc3's schema does not look inside `triggerConfig` (docs/function-compute.md 7.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import Any

from packager.rules import ROLE, Props

Trigger = Mapping[str, Any]

OSS_EVENTS = frozenset(
    {
        *(f"oss:ObjectCreated:{word}" for word in ("PutObject", "PostObject", "CopyObject", "CompleteMultipartUpload")),
        *(f"oss:ObjectCreated:{word}" for word in ("AppendObject", "PutSymlink")),
        *(f"oss:ObjectRemoved:{word}" for word in ("DeleteObject", "DeleteObjects")),
    }
)
"""Those that speak of a whole object; `ObjectCreated:*` and the parts of an upload fire many times for one."""
CDN_EVENTS = frozenset({"CachedObjectsRefreshed", "CachedObjectsPushed"})
"""Those that speak of a finished task (docs/function-compute.md 5.9)."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
MAX_RULES_PER_BUCKET = 10
_OWN_KEYS = frozenset({"triggerName", "triggerType", "triggerConfig", "qualifier", "description"})
_CRON = re.compile(r"@every [1-9]\d*[smh]|(CRON_TZ=\S+ )?\S+( \S+){5}")


def trigger_faults(props: Props) -> Iterator[str]:
    """What is wrong with one function's triggers."""
    triggers = props.get("triggers", ())
    names = [trigger.get("triggerName") for trigger in triggers]
    if len(set(names)) != len(names):
        yield "trigger names repeat"
    if [trigger.get("triggerType") for trigger in triggers].count("http") > 1:
        yield "a function has one HTTP trigger"
    for trigger in triggers:
        check = _CHECKS.get(str(trigger.get("triggerType")))
        faults = check(trigger, props) if check else ["is of a type that is not used here"]
        yield from (f"trigger {trigger.get('triggerName')}: {fault}" for fault in faults)


def rule_conflicts(functions: Sequence[Props]) -> Iterator[str]:
    """OSS takes each (event, prefix, suffix) once per bucket, whatever the function: overlaps stop the deployment."""
    rules = [
        (trigger["sourceArn"], trigger["triggerName"], trigger["triggerConfig"])
        for props in functions
        for trigger in props.get("triggers", ())
        if trigger.get("triggerType") == "oss"
    ]
    buckets = [bucket for bucket, _, _ in rules]
    for bucket in sorted(set(buckets)):
        if buckets.count(bucket) > MAX_RULES_PER_BUCKET:
            yield f"{bucket} has more than {MAX_RULES_PER_BUCKET} triggers"
    for (bucket, name, config), (other_bucket, other_name, other) in combinations(rules, 2):
        if bucket == other_bucket and _overlap(config, other):
            yield f"the OSS triggers {name} and {other_name} overlap"


def _overlap(config: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    key, other_key = config["filter"]["key"], other["filter"]["key"]
    prefixes, suffixes = (key["prefix"], other_key["prefix"]), (key["suffix"], other_key["suffix"])
    return (
        bool(set(config["events"]) & set(other["events"]))
        and (prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0]))
        and (suffixes[0].endswith(suffixes[1]) or suffixes[1].endswith(suffixes[0]))
    )


def _http(trigger: Trigger, _: Props) -> Iterator[str]:
    yield from _exact_keys(trigger, _OWN_KEYS, {"authType", "methods", "disableURLInternet", "authConfig"})
    config = trigger.get("triggerConfig", {})
    if config.get("authType") not in {"anonymous", "function", "jwt"}:
        yield "authType is anonymous, function or jwt"
    methods = config.get("methods", ())
    if unknown := sorted(set(methods) - METHODS):
        yield f"no HTTP method: {', '.join(unknown)}"
    if "OPTIONS" not in methods:
        yield "without OPTIONS the gateway answers preflights itself, with any origin"


def _oss(trigger: Trigger, props: Props) -> Iterator[str]:
    yield from _exact_keys(trigger, _OWN_KEYS | {"sourceArn", "invocationRole"}, {"events", "filter"})
    config = trigger.get("triggerConfig", {})
    if strange := sorted(set(config.get("events", ())) - OSS_EVENTS):
        yield f"not an event of a whole object: {', '.join(strange)}"
    if not config.get("events"):
        yield "events is empty"
    key = config.get("filter", {}).get("key", {})
    if key.keys() != {"prefix", "suffix"} or not all(isinstance(value, str) for value in key.values()):
        yield "filter.key has a prefix and a suffix, both strings"
    arn = re.fullmatch(r"acs:oss:([a-z0-9-]+):\d{16}:([a-z0-9-]+)", str(trigger.get("sourceArn")))
    if not arn or arn[1] != props.get("region"):
        yield "sourceArn must name a bucket of the function's region, acs:oss:<region>:<account>:<bucket>"
    if not ROLE.fullmatch(str(trigger.get("invocationRole"))):
        yield "invocationRole must be a full ARN in lower case"
    if arn and _own_writes(arn[2], key.get("prefix", ""), props):
        yield "the store lies inside of what is followed: its writes would be events"


def _own_writes(bucket: str, prefix: str, props: Props) -> bool:
    store = str(props.get("environmentVariables", {}).get("TASK_STATUS_STORE", ""))
    return f"{store}/".startswith(f"oss://{bucket}/{prefix}")


def _timer(trigger: Trigger, _: Props) -> Iterator[str]:
    yield from _exact_keys(trigger, _OWN_KEYS, {"cronExpression", "enable", "payload"})
    config = trigger.get("triggerConfig", {})
    if not _CRON.fullmatch(str(config.get("cronExpression"))):
        yield "cronExpression is '@every 1m' or six fields"
    if config.get("enable") is not True:
        yield "enable must be true"


def _cdn_events(trigger: Trigger, _: Props) -> Iterator[str]:
    inside = {"eventName", "eventVersion", "notes", "filter"}
    yield from _exact_keys(trigger, _OWN_KEYS | {"sourceArn", "invocationRole"}, inside)
    config = trigger.get("triggerConfig", {})
    if config.get("eventName") not in CDN_EVENTS:
        yield f"eventName is {' or '.join(sorted(CDN_EVENTS))}: a trigger has one"
    if config.get("eventVersion") != "1.0.0":
        yield "eventVersion is '1.0.0'"
    domains = config.get("filter", {}).get("domain")
    if config.get("filter", {}).keys() != {"domain"} or not isinstance(domains, list) or not domains:
        yield "filter.domain is a list of domains, at least one"
    if not re.fullmatch(r"acs:cdn:\*:\d{16}", str(trigger.get("sourceArn"))):
        yield "sourceArn must be acs:cdn:*:<account>"
    if not ROLE.fullmatch(str(trigger.get("invocationRole"))):
        yield "invocationRole must be a full ARN in lower case"


def _exact_keys(trigger: Trigger, own: frozenset[str], inside: set[str]) -> Iterator[str]:
    for key in sorted(trigger.keys() - own):
        yield f"{key} is no property of a trigger of this type"
    for key in sorted(trigger.get("triggerConfig", {}).keys() - inside):
        yield f"triggerConfig.{key} is no property of a trigger of this type"


_CHECKS: Mapping[str, Callable[[Trigger, Props], Iterator[str]]] = MappingProxyType(
    {"http": _http, "oss": _oss, "timer": _timer, "cdn_events": _cdn_events}
)
