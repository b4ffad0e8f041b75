"""CDN's operations and their JSON (facts 1.1, 1.2, 2, 3)."""

from __future__ import annotations

from emulator.catalog import Body, Context, Operation, Parameter
from emulator.products.cdn import rules
from emulator.tasks.quota import QuotaFields, quota
from emulator.tasks.reading import BY_ID_PARAMETERS, LIST_PARAMETERS, by_id, listing
from emulator.tasks.rendering import RowForm
from emulator.tasks.submission import OBJECT_PATH, PRELOAD, REFRESH_PARAMETERS, refresh, submit

BY_ID_FORM = RowForm()
LIST_FORM = RowForm(empty_description=False)
QUOTA_FIELDS = {
    "url": QuotaFields.named("Url"),
    "directory": QuotaFields.named("Dir"),
    "regex": QuotaFields.named("Regex"),
    "ignore-params": QuotaFields.named("IgnoreParams"),
    "preload": QuotaFields.named("Preload"),
    "preload-edge": QuotaFields.named("PreloadEdge"),
    "block": QuotaFields.named("Block"),
}
PRELOAD_PARAMETERS = (
    OBJECT_PATH,
    Parameter("Area"),
    Parameter("ConsistencyHash", "Boolean"),
    Parameter("L2Preload", "Boolean"),
    Parameter("QueryHashkey", "Boolean"),
    Parameter("WithHeader"),
)


def describe_by_id(context: Context) -> Body:
    """`Tasks` is an array."""
    return by_id(context, BY_ID_FORM, rules.TOO_MANY_IDS)


def describe_list(context: Context) -> Body:
    """`Tasks.CDNTask` is the array."""
    return listing(context, LIST_FORM, rules.LISTING, "CDNTask")


def submit_refresh(context: Context) -> Body:
    """Ids under `RefreshTaskId`."""
    return {"RefreshTaskId": refresh(context, rules.REFRESH_KINDS, rules.REFRESH_REFUSALS)}


def submit_preload(context: Context) -> Body:
    """Ids under `PushTaskId`."""
    return {"PushTaskId": submit(context, PRELOAD, rules.PRELOAD_REFUSALS)}


def describe_quota(context: Context) -> Body:
    """Strings, each beside its remainder."""
    return quota(context, QUOTA_FIELDS)


OPERATIONS = (
    Operation("DescribeRefreshTaskById", BY_ID_PARAMETERS, describe_by_id),
    Operation("DescribeRefreshTasks", (*LIST_PARAMETERS, Parameter("ResourceGroupId")), describe_list),
    Operation("RefreshObjectCaches", REFRESH_PARAMETERS, submit_refresh),
    Operation("PushObjectCache", PRELOAD_PARAMETERS, submit_preload),
    Operation("DescribeRefreshQuota", (), describe_quota),
)
