"""VOD's operations and their JSON; there is no way to ask by id but the list (facts 1.6, 2, 3)."""

from __future__ import annotations

from emulator.catalog import Body, Context, Operation, Parameter
from emulator.products.vod import rules
from emulator.tasks.quota import QuotaFields, quota
from emulator.tasks.reading import LIST_PARAMETERS, listing
from emulator.tasks.rendering import RowForm
from emulator.tasks.submission import OBJECT_PATH, PRELOAD, REFRESH_PARAMETERS, refresh, submit

LIST_FORM = RowForm()
QUOTA_FIELDS = {
    "url": QuotaFields.named("Url"),
    "directory": QuotaFields.named("Dir"),
    "preload": QuotaFields.named("Preload"),
    "block": QuotaFields("BlockQuota", "blockRemain"),
}
PRELOAD_PARAMETERS = (
    OBJECT_PATH,
    Parameter("Area"),
    Parameter("L2Preload", "Boolean"),
    Parameter("WithHeader"),
)


def describe_list(context: Context) -> Body:
    """`Tasks.Task` is the array."""
    return listing(context, LIST_FORM, rules.LISTING, "Task")


def submit_refresh(context: Context) -> Body:
    """Ids under `RefreshTaskId`."""
    return {"RefreshTaskId": refresh(context, rules.REFRESH_KINDS, rules.REFRESH_REFUSALS)}


def submit_preload(context: Context) -> Body:
    """Ids under `PreloadTaskId`."""
    return {"PreloadTaskId": submit(context, PRELOAD, rules.PRELOAD_REFUSALS)}


def describe_quota(context: Context) -> Body:
    """Strings, each beside its remainder."""
    return quota(context, QUOTA_FIELDS)


OPERATIONS = (
    Operation("DescribeVodRefreshTasks", LIST_PARAMETERS, describe_list),
    Operation("RefreshVodObjectCaches", REFRESH_PARAMETERS, submit_refresh),
    Operation("PreloadVodObjectCaches", PRELOAD_PARAMETERS, submit_preload),
    Operation("DescribeVodRefreshQuota", (), describe_quota),
)
