"""DCDN's operations and their JSON; its list says `path` for a directory and no % (docs/vendor.md 1.4, 1.5, 2, 3)."""

from __future__ import annotations

from emulator.dcdn import errors, limits
from emulator.tasks.quota import quota_fields, quota_operation
from emulator.tasks.reads import by_id_operation, list_operation
from emulator.tasks.rows import RowFormat
from emulator.tasks.submits import AREA, L2_PRELOAD, QUERY_HASH_KEY, WITH_HEADER, preload_operation, refresh_operation

OPERATIONS = (
    by_id_operation("DescribeDcdnRefreshTaskById", RowFormat(), errors.TOO_MANY_IDS),
    list_operation("DescribeDcdnRefreshTasks", "Task", RowFormat(percent="", directory="path"), limits.LIST_RULES),
    refresh_operation("RefreshDcdnObjectCaches", limits.REFRESH_TYPES, errors.REFRESH),
    preload_operation(
        "PreloadDcdnObjectCaches", "PreloadTaskId", errors.PRELOAD, AREA, L2_PRELOAD, QUERY_HASH_KEY, WITH_HEADER
    ),
    quota_operation("DescribeDcdnRefreshQuota", quota_fields(*limits.LIMITS.quotas)),
)
