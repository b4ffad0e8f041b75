"""ESA's error responses; its pages name few, so these follow DCDN's (docs/vendor.md 9)."""

from __future__ import annotations

from emulator.core.errors import ErrorResponse
from emulator.tasks.submits import SubmitErrors

THROTTLING = ErrorResponse(429, "TooManyRequests", "The server is busy. Please try again later.")
SITE_NOT_FOUND = ErrorResponse(404, "Site.NotFound", "The specified site does not exist.")
PURGE = SubmitErrors(
    ErrorResponse(400, "QuotaExceeded.Refresh", "Your refresh attempts have exceeded the daily limit.")
)
PRELOAD = SubmitErrors(
    ErrorResponse(400, "QuotaExceeded.Preload", "Your preload attempts have exceeded the daily limit.")
)
