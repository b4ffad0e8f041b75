"""VOD's figures and refusals (facts 1.6, 2, 3). It publishes no calls a second: those here are our assumption."""

from __future__ import annotations

from emulator.errors import Refusal
from emulator.limits import ProductLimits
from emulator.tasks.reading import ListRules
from emulator.tasks.submission import Refusals, refresh_kinds

THROTTLING = Refusal(503, "Throttling", "Request was denied due to request throttling.")
LIMITS = ProductLimits(
    qps={
        "DescribeVodRefreshTasks": 10,
        "RefreshVodObjectCaches": 30,
        "PreloadVodObjectCaches": 15,
        "DescribeVodRefreshQuota": 20,
    },
    quotas={"url": 2_000, "directory": 100, "preload": 500, "block": 300},
    preload_queue=50_000,
)
LISTING = ListRules(
    max_page_size=50,
    object_types=frozenset({"file", "directory", "preload"}),
    statuses=frozenset({"Complete", "Refreshing", "Failed"}),
)
REFRESH_KINDS = refresh_kinds()
REFRESH_REFUSALS = Refusals(Refusal(400, "QuotaExceeded.Refresh", "You've exceeded the prescribed refresh limits."))
PRELOAD_REFUSALS = Refusals(
    Refusal(400, "QuotaExceeded.Preload", "Your preload attempts have exceeded the daily limit."),
    queue_full=Refusal(403, "PreloadQueueFull", "Preload queue is full, please try again later!"),
)
