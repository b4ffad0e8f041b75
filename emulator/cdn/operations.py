"""CDN's operations and their JSON (docs/vendor.md 1.1, 1.2, 2, 3)."""

from __future__ import annotations

from emulator.cdn import errors, limits
from emulator.tasks.product import Parameter
from emulator.tasks.quota import quota_fields, quota_operation
from emulator.tasks.reads import by_id_operation, list_operation
from emulator.tasks.rows import RowFormat
from emulator.tasks.submits import AREA, L2_PRELOAD, QUERY_HASH_KEY, WITH_HEADER, preload_operation, refresh_operation

OPERATIONS = (
    by_id_operation("DescribeRefreshTaskById", RowFormat(), errors.TOO_MANY_IDS),
    list_operation(
        "DescribeRefreshTasks",
        "CDNTask",
        RowFormat(empty_description=False),
        limits.LIST_RULES,
        Parameter("ResourceGroupId"),
    ),
    refresh_operation("RefreshObjectCaches", limits.REFRESH_TYPES, errors.REFRESH),
    preload_operation(
        "PushObjectCache",
        "PushTaskId",
        errors.PRELOAD,
        AREA,
        Parameter("ConsistencyHash", "Boolean"),
        L2_PRELOAD,
        QUERY_HASH_KEY,
        WITH_HEADER,
    ),
    quota_operation("DescribeRefreshQuota", quota_fields(*limits.LIMITS.quotas)),
)
