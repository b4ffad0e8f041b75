"""CDN's limits (docs/vendor.md 1.1, 1.2, 2, 3)."""

from __future__ import annotations

from emulator.tasks.limits import ProductLimits
from emulator.tasks.reads import ListRules
from emulator.tasks.submits import refresh_types

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
LIST_RULES = ListRules(
    max_page_size=100,
    object_types=frozenset({"file", "directory", "regex", "preload", "block", "unblock"}),
    statuses=frozenset({"Complete", "Refreshing", "Failed", "Timeout", "Canceled"}),
)
REFRESH_TYPES = {**refresh_types(), "exquery": refresh_types()["ignoreparams"]}
