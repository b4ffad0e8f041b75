"""What a request says about who signed it, whatever the version of the signature."""

from __future__ import annotations

import calendar
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import msgspec

from emulator.core.errors import ApiError
from emulator.oss.errors import DATE_MISSING


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A signature with the id of its key, and how to compute the right one from the key's secret.

    `signed_at` is when it was made, `expires_at` when a presigned URL ends (both epoch s; None: it does not say).
    """

    key_id: str
    signature: str
    compute: Callable[[str], str]
    token: str | None = None
    signed_at: float | None = None
    expires_at: float | None = None


def percent_encode(text: str, safe: str = "") -> str:
    """As OSS does it: all but letters, digits, and `-_.~`."""
    return quote(text, safe=safe)


def epoch_of_http_date(text: str | None) -> float:
    """Epoch seconds. Raises ApiError AccessDenied when it is no date."""
    try:
        return parsedate_to_datetime(text or "").timestamp()
    except ValueError:
        raise ApiError(DATE_MISSING) from None


def epoch_of_iso_date(text: str | None) -> float:
    """Epoch seconds of `20231203T121212Z`. Raises ApiError AccessDenied when it is none."""
    try:
        return calendar.timegm(time.strptime(text or "", "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise ApiError(DATE_MISSING) from None


def whole_number(text: str | None) -> int:
    """A count of seconds. Raises ApiError AccessDenied when it is none."""
    if text is None or not (text.isascii() and text.isdecimal()):
        raise ApiError(DATE_MISSING)
    return int(text)
