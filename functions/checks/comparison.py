"""Whether two answers hold the same content, by their headers and, where those do not decide, their bodies."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType

import msgspec

from functions.checks.exchange import Answer
from functions.checks.report import Observation

_SHOWN = 256
_IDENTITY = ("content_md5", "etag", "last_modified")
"""What a server says of the content itself."""
_NOT_STORED = frozenset({"no-store", "no-cache", "private", "max-age=0", "s-maxage=0"})
"""Directives that keep the vendor's caches from storing (docs/vendor.md 11.3)."""
_COMPARED: Mapping[str, str] = MappingProxyType(
    {
        "content_md5": "content-md5",
        "etag": "etag",
        "last_modified": "last-modified",
        "content_length": "content-length",
        "location": "location",
    }
)
"""Members of an observation and the headers they show."""


class Comparison(msgspec.Struct, frozen=True):
    """Whether the content is the same, None where that is not proved; and which members both have and not equal."""

    same: bool | None
    differs: tuple[str, ...] = ()


def compared(edge: Answer, origin: Answer) -> Comparison:
    """Two answers of one status. Never `False` for what only one side tells."""
    told = {name: equal for name in _COMPARED if (equal := _equal(name, edge, origin)) is not None}
    bodies = _same_bytes(edge, origin)
    named = tuple(_camel(name) for name, equal in told.items() if not equal)
    return Comparison(_verdict(told, bodies), (*named, *(("sha256",) if bodies is False else ())))


def _verdict(told: Mapping[str, bool], bodies: bool | None) -> bool | None:
    if bodies is True:
        return True
    if told.get("location") is not None:
        return told["location"]
    identity = [told[name] for name in _IDENTITY if name in told]
    bytes_differ = bodies is False or told.get("content_length") is False
    if not identity:
        return False if bytes_differ else None
    if any(identity) and (bytes_differ or not all(identity)):
        # The same by one measure and different by another: the edge may change pages that it serves.
        return None
    return all(identity)


def _equal(name: str, edge: Answer, origin: Answer) -> bool | None:
    header = _COMPARED[name]
    here, there = edge.headers.get(header), origin.headers.get(header)
    if here is None or there is None:
        return None
    read = _READ.get(name, str.strip)
    return read(here) == read(there)


def _entity_tag(text: str) -> str:
    """By the weak comparison (RFC 9110, 8.8.3.2): a cache may weaken a tag on the way."""
    return text.strip().removeprefix("W/")


def http_time(text: str | None) -> datetime | None:
    """The time in a header; None where there is none."""
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_READ: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {"etag": _entity_tag, "last_modified": lambda text: http_time(text) or text}
)


def _same_bytes(edge: Answer, origin: Answer) -> bool | None:
    here, there = edge.body, origin.body
    encodings = [answer.headers.get("content-encoding", "identity") for answer in (edge, origin)]
    if here is None or there is None or encodings[0] != encodings[1]:
        return None
    if (here.sha256, here.size, here.whole) != (there.sha256, there.size, there.whole):
        return False
    return True if here.whole else None


def forbids_storing(origin: Answer) -> bool:
    """Whether the origin keeps caches from storing, where no rule of the domain's overrides it."""
    control = f"{origin.headers.get('cache-control', '')},{origin.headers.get('pragma', '')}".lower().replace(" ", "")
    return not _NOT_STORED.isdisjoint(control.split(","))


def was_hit(edge: Answer) -> bool:
    """Whether the edge answered from its cache."""
    return edge.headers.get("x-cache", "").upper().startswith("HIT") or bool(_figure(edge.headers.get("age")))


def observed(answer: Answer) -> Observation:
    """What is shown of an answer."""
    if answer.fault is not None:
        return Observation(fault=answer.fault.value)
    headers = {name: _shown(text) for name, text in answer.headers.items()}
    return Observation(
        status=answer.status,
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
        content_length=headers.get("content-length"),
        content_md5=headers.get("content-md5"),
        location=headers.get("location"),
        cache_control=headers.get("cache-control"),
        age=_figure(headers.get("age")),
        x_cache=headers.get("x-cache"),
        saved_at=headers.get("x-swift-savetime"),
        cache_seconds=_figure(headers.get("x-swift-cachetime")),
        sha256=answer.body.sha256 if answer.body else None,
        bytes_read=answer.body.size if answer.body else None,
    )


def _figure(text: str | None) -> int | None:
    """A number of seconds; None for what is not one."""
    return int(text) if text and re.fullmatch("[0-9]{1,10}", text) else None


def _shown(text: str) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)[:_SHOWN]


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
