"""The operations that read tasks: by id, and as a list. Rules and errors as documented (docs/vendor.md 1.1-1.6)."""

from __future__ import annotations

import calendar
import re
import time
from functools import partial

import msgspec

from emulator.core.errors import ApiError, ErrorResponse, api_error
from emulator.tasks.backend import WINDOW_SECONDS
from emulator.tasks.errors import INVALID_PARAMETERS
from emulator.tasks.product import Body, Context, Operation, Parameter
from emulator.tasks.rows import JsonRow, RowFormat
from emulator.tasks.selection import Selection

MAX_IDS = 10
MAX_PAGE_NUMBER = 100_000
DEFAULT_PAGE_SIZE = 20
BY_ID_PARAMETERS = (Parameter("TaskId", required=True),)
LIST_PARAMETERS = (
    *map(Parameter, ("DomainName", "EndTime", "ObjectPath", "ObjectType")),
    Parameter("PageNumber", "Integer"),
    Parameter("PageSize", "Integer"),
    *map(Parameter, ("StartTime", "Status", "TaskId")),
)
_DIGITS = re.compile(r"[0-9]{1,30}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class ListRules(msgspec.Struct, frozen=True):
    """What one product's list takes."""

    max_page_size: int
    object_types: frozenset[str]
    statuses: frozenset[str]


def by_id_operation(action: str, row_format: RowFormat, too_many: ErrorResponse) -> Operation:
    """Every row of every id that is known, as an array under `Tasks`: no paging, unknown ids are simply missing.

    `too_many` answers more than ten ids (docs/vendor.md 5.3).
    """
    return Operation(action, BY_ID_PARAMETERS, partial(_by_id, row_format=row_format, too_many=too_many))


def list_operation(action: str, member: str, row_format: RowFormat, rules: ListRules, *more: Parameter) -> Operation:
    """One page of rows under `Tasks.<member>`; `more` are parameters that only this product has."""
    function = partial(_list, member=member, row_format=row_format, rules=rules)
    return Operation(action, (*LIST_PARAMETERS, *more), function)


def _by_id(context: Context, *, row_format: RowFormat, too_many: ErrorResponse) -> Body:
    ids = context.params["TaskId"].split(",")
    if len(ids) > MAX_IDS:
        raise ApiError(too_many)
    for task_id in ids:
        _check_id(task_id)
    rows = [
        row for task in context.tasks.read(context.account, context.product, ids) for row in row_format.rows_of(task)
    ]
    return {"TotalCount": len(rows), "Tasks": rows}


def _list(context: Context, *, member: str, row_format: RowFormat, rules: ListRules) -> Body:
    selection = selection_of(context, rules)
    page = context.tasks.select(context.account, context.product, selection)
    shared: dict[str, JsonRow] = {}
    rows = []
    for record, row in page.rows:
        mine = record.identity
        if mine.task_id not in shared:
            shared[mine.task_id] = row_format.task(mine.task_id, mine.object_type, mine.created)
        rows.append(row_format.row(shared[mine.task_id], row))
    return {
        "PageNumber": selection.page_number,
        "PageSize": selection.page_size,
        "TotalCount": page.total,
        "Tasks": {member: rows},
    }


def selection_of(context: Context, rules: ListRules) -> Selection:
    """What the parameters of a list operation select. Raises ApiError."""
    if task_id := context.get("TaskId"):
        _check_id(task_id)
    _check_words(context, rules)
    start, end = _range(context)
    return Selection(
        task_id=task_id,
        object_path=context.get("ObjectPath"),
        domain_name=context.get("DomainName"),
        object_type=context.get("ObjectType"),
        status=context.get("Status"),
        start=start,
        end=end if end is None else end + context.tasks.end_time_inclusive,
        page_number=_within(context.get("PageNumber"), 1, MAX_PAGE_NUMBER),
        page_size=_within(context.get("PageSize"), DEFAULT_PAGE_SIZE, rules.max_page_size),
    )


def _check_id(task_id: str) -> None:
    if not _DIGITS.fullmatch(task_id):
        raise api_error(400, "InvalidTaskId.Malformed", "The specified TaskId is invalid.")


def _check_words(context: Context, rules: ListRules) -> None:
    object_type, status = context.get("ObjectType"), context.get("Status")
    if object_type is None and (context.get("DomainName") or status):
        message = "The ObjectType parameter is required if DomainName or Status is specified."
        raise api_error(400, "MissingParameter.ObjectType", message)
    if object_type is not None and object_type not in rules.object_types:
        raise api_error(400, "InvalidObjectType.ValueNotSupported", "The specified ObjectType is not supported.")
    if status is not None and status not in rules.statuses:
        raise api_error(400, "InvalidStatus.ValueNotSupported", "The specified Status is not supported.")


def _range(context: Context) -> tuple[int | None, int | None]:
    start, end = context.get("StartTime"), context.get("EndTime")
    if (start is None) != (end is None):
        raise api_error(400, "MissingTimeParameter", "The StartTime and EndTime must be both specified.")
    if start is None or end is None:
        return None, None
    first, last = _epoch("StartTime", start), _epoch("EndTime", end)
    if last <= first:
        raise api_error(400, "InvalidEndTime.Mismatch", "The specified EndTime is earlier than the StartTime.")
    if first < int(context.now) - WINDOW_SECONDS:
        raise api_error(400, "InvalidTime", "The query time cannot exceed the last 3 days.")
    if first > context.now:
        raise api_error(400, "InvalidStartTime.ValueNotSupported", "The specified StartTime is invalid.")
    return first, last


def _epoch(name: str, text: str) -> int:
    try:
        if _TIME.fullmatch(text):
            return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        pass  # thirteenth months look right and are not
    raise api_error(400, f"Invalid{name}.Malformed", f"The specified {name} is invalid.")


def _within(text: str | None, default: int, most: int) -> int:
    value = default if text is None else int(text)
    if not 1 <= value <= most:
        raise ApiError(INVALID_PARAMETERS)
    return value
