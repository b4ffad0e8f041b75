"""Multipart uploads under way in a bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import uuid4

import msgspec

from emulator.core.errors import ApiError
from emulator.oss.errors import ENTITY_TOO_SMALL, INVALID_PART, INVALID_PART_ORDER, NO_SUCH_UPLOAD
from emulator.oss.models import MULTIPART, Content, etag

MIN_PART_BYTES = 100 * 1024
"""Every part but the last (vendor page "CompleteMultipartUpload")."""


class NamedPart(msgspec.Struct, frozen=True):
    """A part as a CompleteMultipartUpload names it; the ETag without quotes."""

    number: int
    etag: str


class Part(msgspec.Struct, frozen=True):
    """One part; `modified` in epoch seconds."""

    data: bytes
    etag: str
    modified: float

    @property
    def quoted_etag(self) -> str:
        """The ETag as headers and XML carry it."""
        return f'"{self.etag}"'


class Upload(msgspec.Struct, frozen=True):
    """One upload: its key, the headers and tags its object will have, its parts so far by number."""

    key: str
    headers: Mapping[str, str]
    tags: Mapping[str, str]
    parts: dict[int, Part]

    def assembled(self, named: Sequence[NamedPart]) -> Content:
        """The object that these parts make. Raises ApiError as OSS would."""
        numbers = [part.number for part in named]
        if not named or any(
            part.number not in self.parts or self.parts[part.number].etag != part.etag for part in named
        ):
            raise ApiError(INVALID_PART)
        if numbers != sorted(set(numbers)):
            raise ApiError(INVALID_PART_ORDER)
        parts = [self.parts[number].data for number in numbers]
        if any(len(part) < MIN_PART_BYTES for part in parts[:-1]):
            raise ApiError(ENTITY_TOO_SMALL)
        tags = b"".join(bytes.fromhex(part.etag) for part in named)
        return Content(
            data=b"".join(parts),
            etag=f"{etag(tags)}-{len(parts)}",
            headers=self.headers,
            kind=MULTIPART,
            tags=self.tags,
        )


class Uploads:
    """The uploads of one bucket, by id."""

    def __init__(self) -> None:
        """None."""
        self._uploads: dict[str, Upload] = {}

    def begin(self, key: str, headers: Mapping[str, str], tags: Mapping[str, str]) -> str:
        """A new upload's id."""
        upload_id = uuid4().hex.upper()
        self._uploads[upload_id] = Upload(key, headers, tags, {})
        return upload_id

    def get(self, upload_id: str, key: str) -> Upload:
        """The upload of that id for that key. Raises ApiError NoSuchUpload."""
        upload = self._uploads.get(upload_id)
        if upload is None or upload.key != key:
            raise ApiError(NO_SUCH_UPLOAD)
        return upload

    def end(self, upload_id: str) -> None:
        """It is completed or aborted."""
        del self._uploads[upload_id]
