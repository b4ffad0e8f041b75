"""DCDN's limits (docs/vendor.md 1.4, 1.5, 2, 3)."""

from __future__ import annotations

from emulator.tasks.limits import ProductLimits
from emulator.tasks.reads import ListRules
from emulator.tasks.submits import refresh_types

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
LIST_RULES = ListRules(
    max_page_size=50,
    object_types=frozenset({"file", "directory", "regex", "preload"}),
    statuses=frozenset({"Complete", "Refreshing", "Failed", "Timeout", "Canceled"}),
)
REFRESH_TYPES = refresh_types()
