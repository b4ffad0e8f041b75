"""Multipart uploads under way in a bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import uuid4

import msgspec

from emulator.core.errors import ApiError
from emulator.oss.errors import ENTITY_TOO_SMALL, INVALID_PART, INVALID_PART_ORDER, NO_SUCH_UPLOAD
from emulator.oss.models import Content, etag

MIN_PART_BYTES = 100 * 1024
"""Every part but the last (vendor page "CompleteMultipartUpload")."""


class NamedPart(msgspec.Struct, frozen=True):
    """A part as a CompleteMultipartUpload names it; the ETag without quotes."""

    number: int
    etag: str


class Upload(msgspec.Struct, frozen=True):
    """One upload: its key, the headers its object will have, its parts so far by number."""

    key: str
    headers: Mapping[str, str]
    parts: dict[int, bytes]

    def assembled(self, named: Sequence[NamedPart]) -> Content:
        """The object that these parts make. Raises ApiError as OSS would."""
        numbers = [part.number for part in named]
        if not named or any(etag(self.parts.get(part.number, b"")) != part.etag for part in named):
            raise ApiError(INVALID_PART)
        if numbers != sorted(set(numbers)):
            raise ApiError(INVALID_PART_ORDER)
        parts = [self.parts[number] for number in numbers]
        if any(len(part) < MIN_PART_BYTES for part in parts[:-1]):
            raise ApiError(ENTITY_TOO_SMALL)
        tags = b"".join(bytes.fromhex(part.etag) for part in named)
        return Content(data=b"".join(parts), etag=f"{etag(tags)}-{len(parts)}", headers=self.headers, kind="Multipart")


class Uploads:
    """The uploads of one bucket, by id."""

    def __init__(self) -> None:
        """None."""
        self._uploads: dict[str, Upload] = {}

    def begin(self, key: str, headers: Mapping[str, str]) -> str:
        """A new upload's id."""
        upload_id = uuid4().hex.upper()
        self._uploads[upload_id] = Upload(key, headers, {})
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
