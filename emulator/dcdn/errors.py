"""DCDN's error responses (docs/vendor.md 1.4, 1.5, 2, 3)."""

from __future__ import annotations

from emulator.core.errors import ErrorResponse
from emulator.tasks.submits import SubmitErrors

THROTTLING = ErrorResponse(429, "TooManyRequests", "The server is busy. Please try again later.")
TOO_MANY_IDS = ErrorResponse(400, "InvalidTaskId", "The maximum number of taskIds is 10.")
REFRESH = SubmitErrors(
    ErrorResponse(400, "QuotaExceeded.Refresh", "Your refresh attempts have exceeded the daily limit.")
)
PRELOAD = SubmitErrors(
    ErrorResponse(400, "QuotaExceeded.Preload", "Your refresh attempts have exceeded the daily limit."),
    queue_full=ErrorResponse(400, "PreloadQueueFull", "The warming queue is full; please try again later."),
)
