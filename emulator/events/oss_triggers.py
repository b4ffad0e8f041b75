"""OSS triggers: which changes of a bucket invoke which function."""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec

from emulator.events.oss_event import ObjectEvent, rule_id_for

DEFAULT_EVENTS = (
    "ObjectCreated:PutObject",
    "ObjectCreated:PostObject",
    "ObjectCreated:CopyObject",
    "ObjectCreated:CompleteMultipartUpload",
    "ObjectRemoved:DeleteObject",
    "ObjectRemoved:DeleteObjects",
)
"""What the deployed trigger asks for: never `ObjectCreated:*`, which fires for every part of an upload.

See docs/function-compute.md 5.
"""


class Notification(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One rule; `url` is the function's base, `events` are names without "oss:" (`ObjectCreated:*` is one too)."""

    bucket: str
    url: str
    events: tuple[str, ...] = DEFAULT_EVENTS
    prefix: str = ""
    suffix: str = ""

    @property
    def rule_id(self) -> str:
        """The id that its events carry."""
        return rule_id_for(self.bucket, self.url, self.events, self.prefix, self.suffix)

    def matches(self, event: ObjectEvent) -> bool:
        """Whether `event` invokes the function."""
        return (
            event.bucket == self.bucket
            and event.key.startswith(self.prefix)
            and event.key.endswith(self.suffix)
            and any(fnmatchcase(event.name, pattern.removeprefix("oss:")) for pattern in self.events)
        )
