"""DCDN's operations and their JSON; its list says `path` for a directory and no % (facts 1.4, 1.5, 2, 3)."""

from __future__ import annotations

from emulator.catalog import Body, Context, Operation, Parameter
from emulator.products.dcdn import rules
from emulator.tasks.quota import QuotaFields, quota
from emulator.tasks.reading import BY_ID_PARAMETERS, LIST_PARAMETERS, by_id, listing
from emulator.tasks.rendering import RowForm
from emulator.tasks.submission import OBJECT_PATH, PRELOAD, REFRESH_PARAMETERS, refresh, submit

BY_ID_FORM = RowForm()
LIST_FORM = RowForm(percent="", directory="path")
QUOTA_FIELDS = {
    "url": QuotaFields.named("Url"),
    "directory": QuotaFields.named("Dir"),
    "regex": QuotaFields.named("Regex"),
    "ignore-params": QuotaFields.named("IgnoreParams"),
    "preload": QuotaFields.named("Preload"),
    "block": QuotaFields.named("Block"),
}
PRELOAD_PARAMETERS = (
    OBJECT_PATH,
    Parameter("Area"),
    Parameter("L2Preload", "Boolean"),
    Parameter("QueryHashkey", "Boolean"),
    Parameter("WithHeader"),
)


def describe_by_id(context: Context) -> Body:
    """`Tasks` is an array."""
    return by_id(context, BY_ID_FORM, rules.TOO_MANY_IDS)


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
    Operation("DescribeDcdnRefreshTaskById", BY_ID_PARAMETERS, describe_by_id),
    Operation("DescribeDcdnRefreshTasks", LIST_PARAMETERS, describe_list),
    Operation("RefreshDcdnObjectCaches", REFRESH_PARAMETERS, submit_refresh),
    Operation("PreloadDcdnObjectCaches", PRELOAD_PARAMETERS, submit_preload),
    Operation("DescribeDcdnRefreshQuota", (), describe_quota),
)
