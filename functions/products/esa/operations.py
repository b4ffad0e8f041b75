"""ESA's operations. No page documents their calls a second: ten are an assumption (docs/vendor.md 9)."""

from __future__ import annotations

from functions.products.spec import operation
from functions.upstream.operation import Operation, OperationKind

NAME, SDK = "esa", "alibabacloud_esa20240910"
_QPS = 10


def _read(action: str, kind: OperationKind) -> Operation:
    return operation(NAME, SDK, action, kind, _QPS, "ESA")


LIST_SITES = _read("ListSites", OperationKind.LIST)
LIST_PURGES = _read("DescribePurgeTasks", OperationKind.LIST)
LIST_PRELOADS = _read("DescribePreloadTasks", OperationKind.LIST)
GET_QUOTA = _read("GetPurgeQuota", OperationKind.QUOTA)
PURGE = operation(NAME, SDK, "PurgeCaches", OperationKind.SUBMIT, _QPS)
PRELOAD = operation(NAME, SDK, "PreloadCaches", OperationKind.SUBMIT, _QPS)
