"""DCDN's figures and refusals (facts 1.4, 1.5, 2, 3)."""

from __future__ import annotations

from emulator.errors import Refusal
from emulator.limits import ProductLimits
from emulator.tasks.reading import ListRules
from emulator.tasks.submission import Refusals, refresh_kinds

THROTTLING = Refusal(429, "TooManyRequests", "The server is busy. Please try again later.")
LIMITS = ProductLimits(
    qps={
        "DescribeDcdnRefreshTaskById": 30,
        "DescribeDcdnRefreshTasks": 5,
        "RefreshDcdnObjectCaches": 30,
        "PreloadDcdnObjectCaches": 15,
        "DescribeDcdnRefreshQuota": 20,
    },
    quotas={"url": 10_000, "directory": 100, "regex": 20, "ignore-params": 100, "preload": 1_000, "block": 300},
    preload_queue=100_000,
)
TOO_MANY_IDS = Refusal(400, "InvalidTaskId", "The maximum number of taskIds is 10.")
LISTING = ListRules(
    max_page_size=50,
    object_types=frozenset({"file", "directory", "regex", "preload"}),
    statuses=frozenset({"Complete", "Refreshing", "Failed", "Timeout", "Canceled"}),
)
REFRESH_KINDS = refresh_kinds()
REFRESH_REFUSALS = Refusals(
    Refusal(400, "QuotaExceeded.Refresh", "Your refresh attempts have exceeded the daily limit.")
)
PRELOAD_REFUSALS = Refusals(
    Refusal(400, "QuotaExceeded.Preload", "Your refresh attempts have exceeded the daily limit."),
    queue_full=Refusal(400, "PreloadQueueFull", "The warming queue is full; please try again later."),
)
