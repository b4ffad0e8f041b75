"""ApsaraVideo VOD, API version 2017-03-21 (docs/vendor.md 1.6, 1.7).

It has no by-id operation: a lookup is the list operation with one TaskId, all pages of it. It exists in Shanghai only,
whatever the caller's region is. It documents no QPS limits; those here are DCDN's, or an assumption.
"""

from __future__ import annotations

from functions.products.family import FamilyAdapter
from functions.products.spec import ListSpec, LookupSpec, ProductSpec, operation
from functions.products.submit.kinds import family_kinds
from functions.upstream.operation import OperationKind

_NAME, _SDK = "vod", "alibabacloud_vod20170321"
_TASKS = operation(_NAME, _SDK, "DescribeVodRefreshTasks", OperationKind.LIST, 10, "VOD")

VOD = ProductSpec(
    name=_NAME,
    sdk_package=_SDK,
    endpoint="vod.cn-shanghai.aliyuncs.com",
    region="cn-shanghai",
    adapter=FamilyAdapter,
    lookup=LookupSpec(operation=_TASKS, ids_per_call=1, page_size=50, expensive=True),
    listing=ListSpec(
        operation=_TASKS,
        page_size=50,
        object_types=("file", "directory", "preload"),
        statuses=("Complete", "Refreshing", "Failed"),
    ),
    submits=family_kinds(
        operation(_NAME, _SDK, "RefreshVodObjectCaches", OperationKind.SUBMIT, 30),
        operation(_NAME, _SDK, "PreloadVodObjectCaches", OperationKind.SUBMIT, 15),
        ignore_params="IgnoreParams",
    ),
    quota=operation(_NAME, _SDK, "DescribeVodRefreshQuota", OperationKind.QUOTA, 20),
    jobs=operation(_NAME, _SDK, "GetMediaRefreshJobs", OperationKind.BY_ID, 50),
)
