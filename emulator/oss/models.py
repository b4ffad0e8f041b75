"""What a bucket holds: objects as they were uploaded, and their checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import crcmod
import msgspec

from emulator.core.errors import NO_HEADERS

MAX_KEY_BYTES = 1_023
NORMAL, APPENDABLE, MULTIPART = "Normal", "Appendable", "Multipart"
"""How an object came to be, as `x-oss-object-type` says."""
NULL_VERSION = "null"
"""The version id of every object in a bucket whose versioning is suspended (vendor page "Versioning")."""
_crc64 = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF)


def crc64(data: bytes) -> int:
    """CRC-64/ECMA-182 as OSS computes it; the SDK compares it with its own after each upload."""
    return int(_crc64(data))


def etag(data: bytes) -> str:
    """An ETag without its quotes: MD5 in upper-case hex, as in the vendor's samples."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest().upper()


def is_key(key: str) -> bool:
    """Whether `key` may name an object: 1 to 1,023 bytes of UTF-8, no slash or backslash in front."""
    return 0 < len(key.encode("utf-8", "surrogatepass")) <= MAX_KEY_BYTES and key[0] not in "/\\"


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be stored. `headers` are kept and sent with it again: Content-Type, x-oss-meta-* and their like."""

    data: bytes
    etag: str
    headers: Mapping[str, str] = NO_HEADERS
    kind: str = NORMAL
    tags: Mapping[str, str] = NO_HEADERS

    @classmethod
    def of(
        cls,
        data: bytes,
        headers: Mapping[str, str] = NO_HEADERS,
        *,
        kind: str = NORMAL,
        tags: Mapping[str, str] = NO_HEADERS,
    ) -> Content:
        """The content of an upload in one go."""
        return cls(data=data, etag=etag(data), headers=headers, kind=kind, tags=tags)

    def extended(self, data: bytes) -> Content:
        """The content with more bytes at its end."""
        longer = self.data + data
        return msgspec.structs.replace(self, data=longer, etag=etag(longer))


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object; `modified` in epoch seconds, `version` None in a bucket that was never versioned."""

    key: str
    content: Content
    modified: float
    crc64: int
    version: str | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content.data)

    @property
    def quoted_etag(self) -> str:
        """The ETag as headers and XML carry it."""
        return f'"{self.content.etag}"'
