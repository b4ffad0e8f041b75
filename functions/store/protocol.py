"""The port to where outcomes are kept: an object store with one guarantee, that a key is created at most once."""

from __future__ import annotations

from typing import Protocol

import msgspec


class StoredKey(msgspec.Struct, frozen=True):
    """A key, and a word that changes whenever what is under it does."""

    key: str
    etag: str


class Location(msgspec.Struct, frozen=True):
    """`oss://bucket/prefix`; `prefix` is empty or ends with "/"."""

    bucket: str
    prefix: str

    @property
    def address(self) -> str:
        """The form in which it is written."""
        return f"oss://{self.bucket}/{self.prefix}"

    def holds(self, bucket: str, key: str) -> bool:
        """Whether an object lies here: written by us, then, and no business of any rule."""
        return bucket == self.bucket and key.startswith(self.prefix)


def location_of(setting: str) -> Location:
    """Where TASK_STATUS_STORE points to; its form has been checked."""
    bucket, _, prefix = setting.removeprefix("oss://").partition("/")
    return Location(bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else "")


class ObjectStore(Protocol):
    """Keys are relative to the store's place. Every verb raises StoreFault."""

    @property
    def ready(self) -> bool:
        """Whether a call goes out at once; before, it may have to load an SDK, for a good part of a second."""

    async def create(self, key: str, body: bytes) -> bool:
        """Write what is not there; False when somebody else has written it. Bodies of different writers must differ."""

    async def put(self, key: str, body: bytes) -> str:
        """Write, whatever is there; the etag that a list will show."""

    async def get(self, key: str) -> bytes | None:
        """What is there; None when nothing is."""

    async def scan(self, prefix: str, *, after: str = "", limit: int | None = None) -> tuple[StoredKey, ...]:
        """Keys that begin with `prefix` and sort behind `after`, in order; all, or the first `limit`."""

    async def folders(self, prefix: str) -> tuple[str, ...]:
        """What begins with `prefix`, up to the next "/" and with it, each once and in order."""

    async def delete(self, key: str) -> None:
        """Remove what is there, if anything is."""
