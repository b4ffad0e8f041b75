"""VOD's error responses (docs/vendor.md 1.6, 2, 3)."""

from __future__ import annotations

from emulator.core.errors import ErrorResponse
from emulator.tasks.submits import SubmitErrors

THROTTLING = ErrorResponse(503, "Throttling", "Request was denied due to request throttling.")
REFRESH = SubmitErrors(ErrorResponse(400, "QuotaExceeded.Refresh", "You've exceeded the prescribed refresh limits."))
PRELOAD = SubmitErrors(
    ErrorResponse(400, "QuotaExceeded.Preload", "Your preload attempts have exceeded the daily limit."),
    queue_full=ErrorResponse(403, "PreloadQueueFull", "Preload queue is full, please try again later!"),
)
