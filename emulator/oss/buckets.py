"""The state of the emulated OSS: buckets, what is in them, and every change announced as an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import RLock
from uuid import uuid4

import msgspec

from emulator.core.accounts import DEFAULT_ACCOUNT
from emulator.core.clock import Clock
from emulator.core.errors import ApiError
from emulator.events.oss_event import ObjectEvent
from emulator.oss.cors import CorsRule
from emulator.oss.errors import (
    BUCKET_ALREADY_EXISTS,
    BUCKET_NOT_EMPTY,
    FILE_ALREADY_EXISTS,
    NO_SUCH_BUCKET,
    NO_SUCH_KEY,
)
from emulator.oss.models import NULL_VERSION, Content, StoredObject, crc64
from emulator.oss.uploads import Uploads

ENABLED, SUSPENDED = "Enabled", "Suspended"
VERSIONINGS = (None, ENABLED, SUSPENDED)


class BucketSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`versioning`: None (never switched on), Enabled or Suspended. `public_write`: ACL public-read-write."""

    name: str
    account: str = DEFAULT_ACCOUNT
    versioning: str | None = None
    public_write: bool = False
    cors: tuple[CorsRule, ...] = ()
    created_at: float = 0.0

    def __post_init__(self) -> None:
        """Raises ValueError for a versioning that OSS does not know."""
        if self.versioning not in VERSIONINGS:
            raise ValueError(f"versioning: {self.versioning!r} is none of {VERSIONINGS}")

    @property
    def acl(self) -> str:
        """The ACL in OSS's words."""
        return "public-read-write" if self.public_write else "private"


class Cause(msgspec.Struct, frozen=True):
    """Who changes an object, by which request, and the event's name; None: no event is sent."""

    event: str | None
    account: str
    request_id: str


class Bucket:
    """One bucket. Only the newest version of an object is kept, whatever the versioning."""

    def __init__(self, settings: BucketSettings) -> None:
        """Empty."""
        self.settings = settings
        self.objects: dict[str, StoredObject] = {}
        self.uploads = Uploads()

    def object(self, key: str) -> StoredObject:
        """The object under `key`. Raises ApiError NoSuchKey."""
        found = self.objects.get(key)
        if found is None:
            raise ApiError(NO_SUCH_KEY)
        return found

    def check_overwrite(self, key: str, *, forbidden: bool) -> None:
        """Raises ApiError when `key` exists and must not be replaced.

        x-oss-forbid-overwrite does not take effect once versioning was enabled or suspended (vendor page "PutObject").
        """
        if forbidden and self.settings.versioning is None and key in self.objects:
            raise ApiError(FILE_ALREADY_EXISTS)

    def next_version(self) -> str | None:
        """The version id of whatever is written now."""
        return {None: None, ENABLED: uuid4().hex.upper(), SUSPENDED: NULL_VERSION}[self.settings.versioning]


class Buckets:
    """All buckets. Thread-safe: every change happens, and is announced, under one lock."""

    def __init__(self, clock: Clock, on_change: Callable[[ObjectEvent], None]) -> None:
        """`on_change` is called with each change once it is done."""
        self._clock = clock
        self._on_change = on_change
        self._buckets: dict[str, Bucket] = {}
        self.lock = RLock()

    def now(self) -> float:
        """Epoch seconds, by the clock that the objects' times go by."""
        return self._clock.now()

    def clear(self) -> None:
        """No buckets."""
        with self.lock:
            self._buckets = {}

    def create(self, settings: BucketSettings) -> None:
        """A bucket, empty; one of the same name is replaced."""
        created = msgspec.structs.replace(settings, created_at=self._clock.now())
        with self.lock:
            self._buckets = {**self._buckets, settings.name: Bucket(created)}

    def create_new(self, settings: BucketSettings) -> None:
        """As `create`, but what exists stays. Raises ApiError BucketAlreadyExists for a bucket of another account."""
        with self.lock:
            if not self.has(settings.name):
                self.create(settings)
            elif self.bucket(settings.name).settings.account != settings.account:
                raise ApiError(BUCKET_ALREADY_EXISTS)

    def remove(self, name: str) -> None:
        """No such bucket any more. Raises ApiError NoSuchBucket, BucketNotEmpty."""
        with self.lock:
            if self.bucket(name).objects:
                raise ApiError(BUCKET_NOT_EMPTY)
            self._buckets = {other: bucket for other, bucket in self._buckets.items() if other != name}

    def set_cors(self, name: str, rules: tuple[CorsRule, ...]) -> None:
        """From now on. Raises ApiError NoSuchBucket."""
        bucket = self.bucket(name)
        bucket.settings = msgspec.structs.replace(bucket.settings, cors=rules)

    def set_tags(self, bucket: Bucket, key: str, tags: Mapping[str, str]) -> StoredObject:
        """Give an object these tags; no event is sent. Raises ApiError NoSuchKey."""
        with self.lock:
            stored = bucket.object(key)
            content = msgspec.structs.replace(stored.content, tags=tags)
            bucket.objects[key] = msgspec.structs.replace(stored, content=content)
            return bucket.objects[key]

    def set_versioning(self, name: str, versioning: str | None) -> None:
        """From now on. Raises ApiError NoSuchBucket, ValueError."""
        bucket = self.bucket(name)
        bucket.settings = msgspec.structs.replace(bucket.settings, versioning=versioning)

    def has(self, name: str) -> bool:
        """Whether there is such a bucket."""
        return name in self._buckets

    def bucket(self, name: str) -> Bucket:
        """The bucket. Raises ApiError NoSuchBucket."""
        found = self._buckets.get(name)
        if found is None:
            raise ApiError(NO_SUCH_BUCKET)
        return found

    def cors(self, name: str) -> tuple[CorsRule, ...]:
        """The cross-origin rules of a bucket; none where there is no bucket."""
        return self.bucket(name).settings.cors if self.has(name) else ()

    def all(self) -> tuple[BucketSettings, ...]:
        """Every bucket, in order of creation."""
        return tuple(bucket.settings for bucket in self._buckets.values())

    def put(
        self, bucket: Bucket, key: str, content: Content, cause: Cause, *, forbid_overwrite: bool = False
    ) -> StoredObject:
        """Store and announce. Raises ApiError FileAlreadyExists, and then nothing has happened."""
        with self.lock:
            bucket.check_overwrite(key, forbidden=forbid_overwrite)
            before = bucket.objects.get(key)
            stored = StoredObject(
                key=key,
                content=content,
                modified=self._clock.now(),
                crc64=crc64(content.data),
                version=bucket.next_version(),
            )
            bucket.objects[key] = stored
            self.announce(bucket, cause, stored, stored.size - (before.size if before else 0))
        return stored

    def delete(self, bucket: Bucket, key: str, cause: Cause) -> str | None:
        """Let go of the object and announce it; the version id of the delete marker, if one is made.

        A delete marker fires no event (docs/function-compute.md 5); neither does the deletion of what is not there.
        """
        with self.lock:
            gone = bucket.objects.pop(key, None)
            if bucket.settings.versioning is None and gone is not None:
                self.announce(bucket, cause, gone, -gone.size)
            return bucket.next_version()

    def announce(self, bucket: Bucket, cause: Cause, about: StoredObject, delta: int) -> None:
        """Announce an event about `about`, unless its cause is a silent one."""
        if cause.event is None:
            return
        self._on_change(
            ObjectEvent(
                name=cause.event,
                bucket=bucket.settings.name,
                key=about.key,
                at=self._clock.now(),
                etag=about.content.etag,
                size=about.size,
                delta_size=delta,
                account=cause.account,
                request_id=cause.request_id,
            )
        )
