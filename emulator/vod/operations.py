"""VOD's operations and their JSON; there is no way to ask by id but the list (docs/vendor.md 1.6, 2, 3)."""

from __future__ import annotations

from emulator.tasks.quota import QuotaFields, quota_fields, quota_operation
from emulator.tasks.reads import list_operation
from emulator.tasks.rows import RowFormat
from emulator.tasks.submits import AREA, L2_PRELOAD, WITH_HEADER, preload_operation, refresh_operation
from emulator.vod import errors, limits, media

OPERATIONS = (
    list_operation("DescribeVodRefreshTasks", "Task", RowFormat(), limits.LIST_RULES),
    refresh_operation("RefreshVodObjectCaches", limits.REFRESH_TYPES, errors.REFRESH),
    preload_operation("PreloadVodObjectCaches", "PreloadTaskId", errors.PRELOAD, AREA, L2_PRELOAD, WITH_HEADER),
    quota_operation(
        "DescribeVodRefreshQuota",
        {**quota_fields("url", "directory", "preload"), "block": QuotaFields("BlockQuota", "blockRemain")},
    ),
    *media.OPERATIONS,
)
