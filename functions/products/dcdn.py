"""Alibaba Cloud DCDN, API version 2018-01-15 (docs/vendor.md 1.4 and 1.5)."""

from __future__ import annotations

from functions.products.family import FamilyAdapter
from functions.products.spec import ListSpec, LookupSpec, ProductSpec, operation
from functions.products.submit.kinds import family_kinds
from functions.upstream.operation import OperationKind

_NAME, _SDK = "dcdn", "alibabacloud_dcdn20180115"

DCDN = ProductSpec(
    name=_NAME,
    sdk_package=_SDK,
    endpoint="dcdn.aliyuncs.com",
    region="cn-hangzhou",
    adapter=FamilyAdapter,
    lookup=LookupSpec(
        operation=operation(_NAME, _SDK, "DescribeDcdnRefreshTaskById", OperationKind.BY_ID, 30, "DCDN_BY_ID"),
        ids_per_call=10,
    ),
    listing=ListSpec(
        operation=operation(_NAME, _SDK, "DescribeDcdnRefreshTasks", OperationKind.LIST, 5, "DCDN_LIST"),
        page_size=50,
        object_types=("file", "directory", "regex", "preload"),
    ),
    submits=family_kinds(
        operation(_NAME, _SDK, "RefreshDcdnObjectCaches", OperationKind.SUBMIT, 30),
        operation(_NAME, _SDK, "PreloadDcdnObjectCaches", OperationKind.SUBMIT, 15),
        ignore_params="IgnoreParams",
    ),
    quota=operation(_NAME, _SDK, "DescribeDcdnRefreshQuota", OperationKind.QUOTA, 20),
)
