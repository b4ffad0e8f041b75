"""Conditional requests: the If-* headers of a read, and those of a copy's source."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from emulator.core.errors import ApiError
from emulator.oss.errors import INVALID_ARGUMENT, PRECONDITION_FAILED
from emulator.oss.models import StoredObject


def is_unmodified(headers: Mapping[str, str], stored: StoredObject, prefix: str = "") -> bool:
    """Whether the answer is 304. Raises ApiError PreconditionFailed when it is 412.

    `prefix` precedes the headers' names: `x-oss-copy-source-` for the source of a copy.
    """

    def header(name: str) -> str | None:
        return headers.get(prefix + name)

    if not _is_same(header("if-match"), stored, default=True):
        raise ApiError(PRECONDITION_FAILED)
    unmodified_since = _epoch(header("if-unmodified-since"))
    if unmodified_since is not None and int(stored.modified) > unmodified_since:
        raise ApiError(PRECONDITION_FAILED)
    if header("if-none-match") is not None:
        return _is_same(header("if-none-match"), stored, default=False)
    modified_since = _epoch(header("if-modified-since"))
    return modified_since is not None and int(stored.modified) <= modified_since


def _is_same(value: str | None, stored: StoredObject, *, default: bool) -> bool:
    return default if value is None else value.strip('"') in {stored.content.etag, "*"}


def _epoch(date: str | None) -> float | None:
    if date is None:
        return None
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        raise ApiError(INVALID_ARGUMENT) from None
