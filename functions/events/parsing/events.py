"""What events say, as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from functions.errors import TaskStatusError


class ChangeKind(StrEnum):
    """What happened to the object, as far as a cache is concerned."""

    CREATED = "created"
    """There is new content under the key, or the same content with new headers."""
    REMOVED = "removed"
    """There is nothing under the key any more."""


CHANGE_KINDS: Mapping[str, ChangeKind | None] = MappingProxyType(
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
        # `oss:ObjectCreated:*` fires for every part of an upload, long before the object is there
        # (docs/function-compute.md 5.2).
        "ObjectCreated:InitiateMultipartUpload": None,
        "ObjectCreated:UploadPart": None,
        "ObjectCreated:UploadPartCopy": None,
        "ObjectRemoved:AbortMultipartUpload": None,
    }
)
"""OSS's event names; None: known, and nothing changed for a reader of the object."""


class MalformedEvent(TaskStatusError):  # noqa: N818 -- named for what it is, like its siblings
    """Raised when an event cannot be read; the text names the fault and holds nothing of the event's content."""


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


class TaskCompletion(msgspec.Struct, frozen=True):
    """CDN says that a task is over: a hint to look it up, not a result (docs/function-compute.md 5.9).

    `action` is `refresh` or `preload`; `domain` in lower case, None where the event has none.
    """

    product: str
    task_id: str
    action: str
    domain: str | None = None


class _SetAside(msgspec.Struct, frozen=True, kw_only=True):
    bucket: str | None = None
    key: str | None = None
    event: str | None = None
    reason: str


class Skipped(_SetAside, frozen=True, kw_only=True):
    """A record that asks for nothing, and why."""


class Failed(_SetAside, frozen=True, kw_only=True):
    """A record that could not be read or an object that could not be processed, and why."""


Record = ObjectChange | TaskCompletion | Skipped | Failed


class Envelope(msgspec.Struct, frozen=True):
    """Every record of an event, exactly once, in the order sent; `sweep` when it is the timer instead."""

    changes: tuple[ObjectChange, ...] = ()
    completions: tuple[TaskCompletion, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    failed: tuple[Failed, ...] = ()
    sweep: bool = False
