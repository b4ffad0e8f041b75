"""CDN's error responses (docs/vendor.md 1.1, 1.2, 2, 3)."""

from __future__ import annotations

from emulator.core.errors import ErrorResponse
from emulator.tasks.errors import INVALID_PARAMETERS
from emulator.tasks.submits import SubmitErrors

THROTTLING = ErrorResponse(429, "TooManyRequests", "Too many requests, please try again later.")
# The page names the bound of ten ids, but no code for it.
TOO_MANY_IDS = INVALID_PARAMETERS
REFRESH = SubmitErrors(
    ErrorResponse(400, "QuotaExceeded.Refresh", "You've exceeded the prescribed refresh limits."), max_domains=10
)
PRELOAD = SubmitErrors(
    ErrorResponse(400, "QuotaExceeded.Preload", "Your preload attempts have exceeded the daily limit."),
    queue_full=ErrorResponse(403, "PreloadQueueFull", "Preload queue is full, please try again later!"),
)
