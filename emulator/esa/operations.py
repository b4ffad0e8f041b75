"""ESA's operations and their JSON: no list knows a TaskId, each wants a site, purges a Type (docs/vendor.md 9)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

from emulator.core.clock import rfc3339
from emulator.core.errors import ApiError, ErrorResponse, api_error
from emulator.esa import errors, limits
from emulator.esa.sites import LIST_SITES, SITE_ID, domain_of_site
from emulator.tasks.product import Body, Context, Operation, Parameter
from emulator.tasks.reads import selection_of
from emulator.tasks.records import RowView, TaskRecord
from emulator.tasks.selection import domain_of, is_in_zone
from emulator.tasks.submits import SubmitErrors

PRELOAD = "preload"
CONTENT = {"file": "Files", "directory": "Directories", "ignoreParams": "IgnoreParams"}
QUOTAS = {"file": "url", "directory": "directory", "ignoreParams": "ignore-params", PRELOAD: "preload"}
LIST_PARAMETERS = (
    Parameter("Content"),
    Parameter("EndTime"),
    Parameter("PageNumber", "Integer"),
    Parameter("PageSize", "Integer"),
    SITE_ID,
    Parameter("StartTime"),
    Parameter("Status"),
)
TOO_MANY = ErrorResponse(400, "SingleRequest.OverLimit", f"A maximum of {limits.URLS_PER_CALL} items are supported.")


def _list_purges(context: Context) -> Body:
    return _list(context, context.get("Type") or "file", names_type=True)


def _list_preloads(context: Context) -> Body:
    return _list(context, PRELOAD, names_type=False)


def _list(context: Context, word: str, *, names_type: bool) -> Body:
    zone = domain_of_site(context)
    params = {**context.params, "ObjectPath": context.get("Content") or "", "ObjectType": word.lower()}
    selection = selection_of(msgspec.structs.replace(context, params=params), limits.LIST_RULES)
    selection = msgspec.structs.replace(selection, zone=zone)
    page = context.tasks.select(context.account, context.product, selection)
    own_type = {"Type": word} if names_type else {}
    return {
        "PageNumber": selection.page_number,
        "PageSize": selection.page_size,
        "TotalCount": page.total,
        "Tasks": [{**_row(record, row), **own_type} for record, row in page.rows],
    }


def _row(record: TaskRecord, row: RowView) -> Mapping[str, str]:
    figure = "" if row.progress is None else f"{row.progress:.2f}".rstrip("0").rstrip(".") + "%"
    return {
        "TaskId": record.identity.task_id,
        "Content": row.object_path,
        "Status": row.status,
        "Process": figure,
        "CreateTime": rfc3339(record.identity.created).replace("T", " ").removesuffix("Z"),
        "Description": row.description,
    }


def _purge(context: Context) -> Body:
    word = context.params["Type"]
    content = _read_content(context)
    if word not in CONTENT or not isinstance(content, dict):
        raise api_error(400, "InvalidType", "The specified Type is invalid.")
    return _submit(context, word, content.get(CONTENT[word]), errors.PURGE)


def _preload(context: Context) -> Body:
    return _submit(context, PRELOAD, _read_content(context), errors.PRELOAD)


def _read_content(context: Context) -> Any:
    try:
        return msgspec.json.decode(context.params["Content"])
    except msgspec.DecodeError:
        raise api_error(400, "InvalidContent", "The specified Content is invalid.") from None


def _submit(context: Context, word: str, urls: Any, submit_errors: SubmitErrors) -> Body:
    """One call makes one task, whose id has 16 digits."""
    zone = domain_of_site(context)
    if not isinstance(urls, list) or not urls or not all(_is_below(url, zone) for url in urls):
        raise api_error(400, "InvalidContent", "The specified Content is invalid.")
    if len(urls) > limits.URLS_PER_CALL:
        raise ApiError(TOO_MANY)
    if not context.limits.spend(context.account, context.product, QUOTAS[word], len(urls)):
        raise ApiError(submit_errors.quota_exceeded)
    task_id = context.tasks.add(
        context.product,
        urls,
        task_id=f"1594{secrets.randbelow(10**12):012d}",
        object_type=word.lower(),
        transition=context.tasks.submit_transition,
        account=context.account,
    )
    return {"TaskId": task_id}


def _is_below(url: Any, zone: str) -> bool:
    host = domain_of(url) if isinstance(url, str) else ""
    return bool(host) and is_in_zone(host, zone)


def _quota(context: Context) -> Body:
    domain_of_site(context)
    kind = QUOTAS.get(context.params["Type"])
    quota = context.limits.quotas(context.account, context.product).get(kind or "")
    if quota is None:
        return {"Quota": "0", "Usage": "0"}
    return {"Quota": str(quota.total), "Usage": str(quota.used)}


OPERATIONS = (
    LIST_SITES,
    Operation("DescribePurgeTasks", (*LIST_PARAMETERS, Parameter("Type")), _list_purges),
    Operation("DescribePreloadTasks", LIST_PARAMETERS, _list_preloads),
    Operation(
        "PurgeCaches",
        (Parameter("Content", required=True), Parameter("Force", "Boolean"), SITE_ID, Parameter("Type", required=True)),
        _purge,
    ),
    Operation("PreloadCaches", (Parameter("Content", required=True), Parameter("Headers"), SITE_ID), _preload),
    Operation("GetPurgeQuota", (SITE_ID, Parameter("Type", required=True)), _quota),
)
