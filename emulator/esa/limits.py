"""ESA's limits. It publishes neither calls a second nor URLs a call: these are our assumption (docs/vendor.md 9)."""

from __future__ import annotations

from emulator.tasks.limits import ProductLimits
from emulator.tasks.reads import ListRules

LIMITS = ProductLimits(
    qps={
        "ListSites": 10,
        "DescribePurgeTasks": 10,
        "DescribePreloadTasks": 10,
        "PurgeCaches": 10,
        "PreloadCaches": 10,
        "GetPurgeQuota": 10,
    },
    quotas={"url": 10_000, "directory": 100, "ignore-params": 100, "preload": 1_000},
    preload_queue=100_000,
)
LIST_RULES = ListRules(
    max_page_size=50,
    object_types=frozenset({"file", "directory", "ignoreparams", "cachetag", "hostname", "purgeall", "preload"}),
    statuses=frozenset({"Complete", "Refreshing", "Failed"}),
)
URLS_PER_CALL = 100
