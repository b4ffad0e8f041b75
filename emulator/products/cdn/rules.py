"""CDN's figures and refusals (facts 1.1, 1.2, 2, 3)."""

from __future__ import annotations

from emulator.errors import INVALID_PARAMETERS, Refusal
from emulator.limits import ProductLimits
from emulator.tasks.reading import ListRules
from emulator.tasks.submission import Refusals, refresh_kinds

THROTTLING = Refusal(429, "TooManyRequests", "Too many requests, please try again later.")
LIMITS = ProductLimits(
    qps={
        "DescribeRefreshTaskById": 30,
        "DescribeRefreshTasks": 5,
        "RefreshObjectCaches": 50,
        "PushObjectCache": 50,
        "DescribeRefreshQuota": 20,
    },
    quotas={
        "url": 10_000,
        "directory": 100,
        "regex": 20,
        "ignore-params": 100,
        "preload": 1_000,
        "preload-edge": 50,
        "block": 300,
    },
    preload_queue=50_000,
)
# The page names the bound of ten ids, but no code for it.
TOO_MANY_IDS = INVALID_PARAMETERS
LISTING = ListRules(
    max_page_size=100,
    object_types=frozenset({"file", "directory", "regex", "preload", "block", "unblock"}),
    statuses=frozenset({"Complete", "Refreshing", "Failed", "Timeout", "Canceled"}),
)
REFRESH_KINDS = {**refresh_kinds(), "exquery": refresh_kinds()["ignoreparams"]}
REFRESH_REFUSALS = Refusals(
    Refusal(400, "QuotaExceeded.Refresh", "You've exceeded the prescribed refresh limits."), max_domains=10
)
PRELOAD_REFUSALS = Refusals(
    Refusal(400, "QuotaExceeded.Preload", "Your preload attempts have exceeded the daily limit."),
    queue_full=Refusal(403, "PreloadQueueFull", "Preload queue is full, please try again later!"),
)
