"""Alibaba Cloud CDN, API version 2018-05-10 (docs/vendor.md 1.1 and 1.2)."""

from __future__ import annotations

from functions.products.family import FamilyAdapter
from functions.products.spec import ListSpec, LookupSpec, ProductSpec, operation
from functions.products.submit.kinds import family_kinds
from functions.upstream.operation import OperationKind

_NAME, _SDK = "cdn", "alibabacloud_cdn20180510"

CDN = ProductSpec(
    name=_NAME,
    sdk_package=_SDK,
    endpoint="cdn.aliyuncs.com",
    region="cn-hangzhou",
    adapter=FamilyAdapter,
    lookup=LookupSpec(
        operation=operation(_NAME, _SDK, "DescribeRefreshTaskById", OperationKind.BY_ID, 30, "CDN_BY_ID"),
        ids_per_call=10,
    ),
    listing=ListSpec(
        operation=operation(_NAME, _SDK, "DescribeRefreshTasks", OperationKind.LIST, 5, "CDN_LIST"),
        page_size=100,
        object_types=("file", "directory", "regex", "preload", "block", "unblock"),
    ),
    submits=family_kinds(
        operation(_NAME, _SDK, "RefreshObjectCaches", OperationKind.SUBMIT, 50),
        operation(_NAME, _SDK, "PushObjectCache", OperationKind.SUBMIT, 50),
        ignore_params="ExQuery",
    ),
    quota=operation(_NAME, _SDK, "DescribeRefreshQuota", OperationKind.QUOTA, 20),
)
