"""Unwraps events: each source packs the same records in its own way (docs/function-compute.md 5.1, 5.6, 5.8, 5.9).

    {"events": [record, …]}           an OSS or CDN trigger
    {"data": record, …}               EventBridge; `data` can also be a list of records
    record, or [record, …]            EventBridge, "partial event" $.data
    [element, …]                      event streaming: each element is one of the others, or text that holds one
    {"Message": text, "TopicName": …} a topic of MNS, format JSON; {"body": text} with attributes
    text                              a topic of MNS, format STREAM

Text is JSON, or JSON in base64: OSS encodes what it sends to MNS.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

import msgspec

from functions.events.parsing.events import (
    Envelope,
    Failed,
    MalformedEvent,
    ObjectChange,
    Record,
    Skipped,
    TaskCompletion,
)
from functions.events.parsing.records import decode, read_record

_DEEPEST = 8
"""How deep wrappers may nest: the deepest known source, an OSS event through MNS and EventBridge, has five."""
_JSON_BEGINS = (b"{", b"[", b'"')


class _Wrapper(msgspec.Struct):
    # What is inside stays raw, so that a bad record spoils only itself.
    events: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    message: str | msgspec.UnsetType = msgspec.field(name="Message", default=msgspec.UNSET)
    body: str | msgspec.UnsetType = msgspec.UNSET
    event_name: msgspec.Raw | msgspec.UnsetType = msgspec.field(name="eventName", default=msgspec.UNSET)
    trigger_name: str | msgspec.UnsetType = msgspec.field(name="triggerName", default=msgspec.UNSET)


def read_envelope(event: bytes) -> Envelope:
    """Every record of the event, sorted by what is to be done with it. Raises MalformedEvent."""
    source = _json_in(event)
    outer = decode(source, _Wrapper | list[msgspec.Raw] | str)
    if isinstance(outer, _Wrapper) and outer.trigger_name is not msgspec.UNSET:
        return Envelope(sweep=True)
    records = tuple(_records(source, 0))
    return Envelope(
        changes=tuple(record for record in records if isinstance(record, ObjectChange)),
        completions=tuple(record for record in records if isinstance(record, TaskCompletion)),
        skipped=tuple(record for record in records if isinstance(record, Skipped)),
        failed=tuple(record for record in records if isinstance(record, Failed)),
    )


def _records(source: bytes | msgspec.Raw, depth: int) -> Iterator[Record]:
    if depth > _DEEPEST:
        raise MalformedEvent("too many wrappers in wrappers")
    outer = decode(source, _Wrapper | list[msgspec.Raw] | str)
    if isinstance(outer, list):
        for element in outer:
            yield from _element(element, depth)
    elif isinstance(outer, str):
        yield from _records(_json_in(outer.encode()), depth + 1)
    elif outer.event_name is not msgspec.UNSET:
        yield read_record(msgspec.Raw(source))
    elif outer.events is not msgspec.UNSET:
        yield from map(read_record, outer.events)
    elif outer.data is not msgspec.UNSET:
        yield from _records(outer.data, depth + 1)
    else:
        text = outer.message if outer.message is not msgspec.UNSET else outer.body
        if text is msgspec.UNSET:
            raise MalformedEvent(
                "neither `events` (a trigger), `data` (EventBridge) nor `Message` (MNS) is in the event"
            )
        yield from _records(_json_in(text.encode()), depth + 1)


def _element(element: msgspec.Raw, depth: int) -> Iterator[Record]:
    try:
        yield from _records(element, depth + 1)
    except MalformedEvent as fault:
        yield Failed(reason=str(fault))


def _json_in(text: bytes) -> bytes:
    """The JSON in a text that is JSON, or base64 of it."""
    if text.lstrip().startswith(_JSON_BEGINS):
        return text
    try:
        found = base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        return text
    return found if found.lstrip().startswith(_JSON_BEGINS) else text
