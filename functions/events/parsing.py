"""OSS events as Function Compute delivers them, read into typed changes.

Three envelopes hold the same record: the native trigger's `{"events": [record, …]}`, EventBridge's CloudEvent
`{"data": record, …}`, and event streaming's list of either, each element an object or a JSON string (FC facts 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any

import msgspec

from functions.errors import TaskStatusError
from functions.urls import has_dot_segments


class ChangeKind(StrEnum):
    """What happened to the object, as far as a cache is concerned."""

    CREATED = "created"
    """There is new content under the key, or the same content with new headers."""
    REMOVED = "removed"
    """There is nothing under the key any more."""


KINDS: Mapping[str, ChangeKind | None] = MappingProxyType(
    {
        "ObjectCreated:PutObject": ChangeKind.CREATED,
        "ObjectCreated:PostObject": ChangeKind.CREATED,
        "ObjectCreated:CopyObject": ChangeKind.CREATED,
        "ObjectCreated:AppendObject": ChangeKind.CREATED,
        "ObjectCreated:PutSymlink": ChangeKind.CREATED,
        "ObjectCreated:CompleteMultipartUpload": ChangeKind.CREATED,
        "ObjectModified:UpdateObjectMeta": ChangeKind.CREATED,
        "ObjectReplication:ObjectCreated": ChangeKind.CREATED,
        "ObjectReplication:ObjectModified": ChangeKind.CREATED,
        "ObjectReplication:ObjectRemoved": ChangeKind.REMOVED,
        "ObjectRemoved:DeleteObject": ChangeKind.REMOVED,
        "ObjectRemoved:DeleteObjects": ChangeKind.REMOVED,
        # `oss:ObjectCreated:*` fires for every part of an upload, long before the object is there (FC facts 5).
        "ObjectCreated:InitiateMultipartUpload": None,
        "ObjectCreated:UploadPart": None,
        "ObjectCreated:UploadPartCopy": None,
        "ObjectRemoved:AbortMultipartUpload": None,
    }
)
"""The vendor's event names; None: known, and nothing changed for a reader of the object."""


class MalformedEvent(TaskStatusError):  # noqa: N818 -- named for what it is, like its siblings
    """Raised when an event is no OSS envelope; the text names the fault and holds nothing of the event's content."""


class ObjectChange(msgspec.Struct, frozen=True, kw_only=True):
    """One object that changed. `key` is OSS's own, never unquoted: a literal `%2F` or `+` is part of the name.

    `event` is without `oss:`; `time`, `etag` and `request_id` (of the request that changed the object, the same in
    every delivery) are as OSS wrote them, None where it wrote none.
    """

    bucket: str
    key: str
    event: str
    kind: ChangeKind
    time: str | None = None
    etag: str | None = None
    request_id: str | None = None


class _SetAside(msgspec.Struct, frozen=True, kw_only=True):
    bucket: str | None = None
    key: str | None = None
    event: str | None = None
    reason: str


class Skipped(_SetAside, frozen=True, kw_only=True):
    """A record that asks for nothing, and why."""


class Failed(_SetAside, frozen=True, kw_only=True):
    """A record that could not be read or an object that could not be followed, and why."""


class Envelope(msgspec.Struct, frozen=True):
    """Every record of an event, exactly once, in the order sent; `sweep` when it is the minute's timer instead."""

    changes: tuple[ObjectChange, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    failed: tuple[Failed, ...] = ()
    sweep: bool = False


_Name = Annotated[str, msgspec.Meta(min_length=1)]


class _Bucket(msgspec.Struct):
    name: _Name


class _Object(msgspec.Struct, rename="camel"):
    key: _Name
    size: Any = None
    e_tag: str | None = None


class _Oss(msgspec.Struct):
    bucket: _Bucket
    object: _Object


class _Event(msgspec.Struct, rename="camel"):
    event_name: str

    @property
    def name(self) -> str:
        # Trigger configurations and CloudEvent types carry the prefix, records do not (FC facts 5); both are read.
        return self.event_name.removeprefix("oss:")


class _Record(_Event, rename="camel"):
    oss: _Oss
    event_time: str | None = None
    # It only helps to tell changes apart: an odd shape of it is no reason to refuse the record.
    response_elements: Any = None

    @property
    def request_id(self) -> str | None:
        named = self.response_elements.get("requestId") if isinstance(self.response_elements, dict) else None
        return named if isinstance(named, str) and named else None


class _Wrapper(msgspec.Struct):
    # Records stay raw here, so that a bad one spoils only itself.
    events: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    trigger_name: str | msgspec.UnsetType = msgspec.field(name="triggerName", default=msgspec.UNSET)


def read_envelope(event: bytes) -> Envelope:
    """Every record of the event, sorted by what is to be done with it. Raises MalformedEvent."""
    outer = _decode(event, _Wrapper | list[msgspec.Raw])
    if isinstance(outer, _Wrapper) and outer.trigger_name is not msgspec.UNSET:
        return Envelope(sweep=True)
    read = tuple(_elements(outer) if isinstance(outer, list) else map(_read_record, _records(outer)))
    return Envelope(
        changes=tuple(record for record in read if isinstance(record, ObjectChange)),
        skipped=tuple(record for record in read if isinstance(record, Skipped)),
        failed=tuple(record for record in read if isinstance(record, Failed)),
    )


def _elements(elements: Iterable[msgspec.Raw]) -> Iterator[ObjectChange | Skipped | Failed]:
    for element in elements:
        try:
            inner = _decode(element, _Wrapper | str)
            records = _records(_decode(inner, _Wrapper) if isinstance(inner, str) else inner)
        except MalformedEvent as fault:
            yield Failed(reason=str(fault))
        else:
            yield from map(_read_record, records)


def _records(wrapper: _Wrapper) -> list[msgspec.Raw]:
    if wrapper.events is not msgspec.UNSET:
        return wrapper.events
    if wrapper.data is not msgspec.UNSET:
        return [wrapper.data]
    raise MalformedEvent("neither `events` (OSS trigger) nor `data` (EventBridge) is in the event")


def _read_record(raw: msgspec.Raw) -> ObjectChange | Skipped | Failed:
    try:
        record: _Record = _decode(raw, _Record)
    except MalformedEvent as fault:
        return _unreadable(raw, fault)
    bucket, key = record.oss.bucket.name, record.oss.object.key
    kind = KINDS.get(record.name)
    if kind is None:
        return Skipped(bucket=bucket, key=key, event=record.name, reason=_no_change(record.name))
    if reason := _without_url(record.oss.object):
        return Skipped(bucket=bucket, key=key, event=record.name, reason=reason)
    return ObjectChange(
        bucket=bucket,
        key=key,
        event=record.name,
        kind=kind,
        time=record.event_time,
        etag=record.oss.object.e_tag,
        request_id=record.request_id,
    )


def _without_url(changed: _Object) -> str | None:
    """Why no client asks a CDN for this object; None where one may."""
    if changed.key.endswith("/") and changed.size == 0:
        return "a folder marker"
    if has_dot_segments(changed.key):
        return "dot segments: clients resolve them, and would ask for another object"
    return None


def _unreadable(raw: msgspec.Raw, fault: MalformedEvent) -> Skipped | Failed:
    # Records of other services come without `oss`; they are none of ours, and no fault of anybody.
    try:
        name = _decode(raw, _Event).name
    except MalformedEvent:
        return Failed(reason=str(fault))
    return Failed(event=name, reason=str(fault)) if name in KINDS else Skipped(event=name, reason=_no_change(name))


def _no_change(name: str) -> str:
    return "no change of the object" if name in KINDS else "unknown event"


def _decode(source: bytes | str | msgspec.Raw, shape: Any) -> Any:
    # UnicodeDecodeError and msgspec's own errors are ValueErrors; deep nesting is a RecursionError.
    try:
        return msgspec.json.decode(source, type=shape)
    except (ValueError, RecursionError) as fault:
        raise MalformedEvent(str(fault)) from None
