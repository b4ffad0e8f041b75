"""One record of an event: an object of OSS that changed, or a task that CDN says is over."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any

import msgspec

from functions.events.parsing.events import (
    CHANGE_KINDS,
    Failed,
    MalformedEvent,
    ObjectChange,
    Record,
    Skipped,
    TaskCompletion,
)
from functions.urls import has_dot_segments

COMPLETIONS = MappingProxyType({"CachedObjectsRefreshed": "refresh", "CachedObjectsPushed": "preload"})
"""CDN's events for finished tasks, and what these did."""

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
        # Trigger configurations and CloudEvent types carry the prefix, records do not (docs/function-compute.md 5.1).
        return self.event_name.removeprefix("oss:")


class _OssEvent(_Event, rename="camel"):
    oss: _Oss
    event_time: str | None = None
    # It only helps to tell changes apart: an odd shape of it is no reason to refuse the record.
    response_elements: Any = None

    @property
    def request_id(self) -> str | None:
        named = self.response_elements.get("requestId") if isinstance(self.response_elements, dict) else None
        return named if isinstance(named, str) and named else None


class _CdnParameter(msgspec.Struct, rename="camel"):
    # An integer in events, text in the API (docs/function-compute.md 5.9).
    task_id: Annotated[int, msgspec.Meta(ge=0)] | Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,30}\Z")]
    # It only helps to save calls: an odd shape of it is no reason to refuse the record.
    domain: Any = None


class _CdnEvent(_Event, rename="camel"):
    event_parameter: _CdnParameter


def read_record(raw: msgspec.Raw) -> Record:
    """What a record says; a bad one spoils only itself."""
    name: str | None = None
    try:
        name = decode(raw, _Event).name
        if name in COMPLETIONS:
            return _completion(COMPLETIONS[name], decode(raw, _CdnEvent).event_parameter)
        if name not in CHANGE_KINDS:
            # Records of other services come without `oss`; they are no fault of anybody.
            return Skipped(event=name, reason="unknown event", **_place(raw))
        return _oss_record(decode(raw, _OssEvent))
    except MalformedEvent as fault:
        return Failed(event=name, reason=str(fault))


def decode(source: bytes | str | msgspec.Raw, shape: Any) -> Any:
    """JSON of this shape. Raises MalformedEvent."""
    # UnicodeDecodeError and msgspec's own errors are ValueErrors; deep nesting is a RecursionError.
    try:
        return msgspec.json.decode(source, type=shape)
    except (ValueError, RecursionError) as fault:
        raise MalformedEvent(str(fault)) from None


def _completion(action: str, told: _CdnParameter) -> TaskCompletion:
    domain = told.domain.lower() if isinstance(told.domain, str) else None
    return TaskCompletion("cdn", str(told.task_id), action, domain)


def _oss_record(record: _OssEvent) -> ObjectChange | Skipped:
    bucket, key, kind = record.oss.bucket.name, record.oss.object.key, CHANGE_KINDS[record.name]
    reason = "no change of the object" if kind is None else _why_nobody_asks(record.oss.object)
    if kind is None or reason:
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


def _why_nobody_asks(changed: _Object) -> str:
    """Why no client asks a CDN for this object; empty where one may."""
    if changed.key.endswith("/") and changed.size == 0:
        return "a folder marker"
    if has_dot_segments(changed.key):
        return "dot segments: clients resolve them, and would ask for another object"
    return ""


def _place(raw: msgspec.Raw) -> dict[str, str]:
    """Bucket and key of an unknown event, as far as it has them."""
    try:
        oss: _Oss = decode(raw, _OssEvent).oss
    except MalformedEvent:
        return {}
    return {"bucket": oss.bucket.name, "key": oss.object.key}
