"""VOD's limits (docs/vendor.md 1.6, 2, 3). It publishes no calls a second: those here are our assumption."""

from __future__ import annotations

from emulator.tasks.limits import ProductLimits
from emulator.tasks.reads import ListRules
from emulator.tasks.submits import refresh_types

LIMITS = ProductLimits(
    qps={
        "DescribeVodRefreshTasks": 10,
        "RefreshVodObjectCaches": 30,
        "PreloadVodObjectCaches": 15,
        "DescribeVodRefreshQuota": 20,
        "RefreshMediaPlayUrls": 50,
        "GetMediaRefreshJobs": 50,
    },
    quotas={"url": 2_000, "directory": 100, "preload": 500, "block": 300},
    preload_queue=50_000,
)
LIST_RULES = ListRules(
    max_page_size=50,
    object_types=frozenset({"file", "directory", "preload"}),
    statuses=frozenset({"Complete", "Refreshing", "Failed"}),
)
REFRESH_TYPES = refresh_types()
