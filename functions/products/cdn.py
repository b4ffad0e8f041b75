"""Alibaba Cloud CDN, API version 2018-05-10 (facts 1.1 and 1.2)."""

from __future__ import annotations

from functions.products.spec import ListSpec, LookupSpec, ProductSpec, operation
from functions.products.submits import submit_specs
from functions.upstream.operation import Kind

_NAME, _SDK = "cdn", "alibabacloud_cdn20180510"

CDN = ProductSpec(
    name=_NAME,
    sdk_package=_SDK,
    endpoint="cdn.aliyuncs.com",
    region="cn-hangzhou",
    lookup=LookupSpec(
        operation=operation(_NAME, _SDK, "DescribeRefreshTaskById", Kind.BY_ID, 30, "CDN_BY_ID"), ids_per_call=10
    ),
    listing=ListSpec(
        operation=operation(_NAME, _SDK, "DescribeRefreshTasks", Kind.LIST, 5, "CDN_LIST"),
        page_size=100,
        object_types=("file", "directory", "regex", "preload", "block", "unblock"),
    ),
    submits=submit_specs(
        operation(_NAME, _SDK, "RefreshObjectCaches", Kind.SUBMIT, 50),
        operation(_NAME, _SDK, "PushObjectCache", Kind.SUBMIT, 50),
        ignore_params="ExQuery",
    ),
    quota=operation(_NAME, _SDK, "DescribeRefreshQuota", Kind.QUOTA, 20),
)
