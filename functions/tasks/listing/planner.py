"""Plans a list question: which vendor lists answer it, over which seconds, and whether its cost is bearable.

The vendor's couplings are satisfied here (docs/vendor.md 1.2, 1.5, 1.6): DomainName and Status are asked once for each
ObjectType, and what a product cannot filter by is read in full and chosen by this service.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from functions.errors import InvalidRequest, ParameterFault
from functions.model import VENDOR_WINDOW, Moment, Status
from functions.products.listing.coverage import Coverage
from functions.products.listing.pages import EVERY_ROW, VendorFilter
from functions.products.listing.reader import ListChoice, PageSizes
from functions.products.reading.vocabulary import action_of
from functions.products.spec import ProductSpec
from functions.tasks.listing.list_plan import ListPlan, Span
from functions.tasks.listing.row_filter import normal_type
from functions.tasks.query import ListQuery
from functions.urls import normal_domain

MAX_CALLS = 40
"""The most calls one answer may cost, completion by id apart: eight seconds of the account's five calls a second."""
_TOLERANCE_SECONDS = 60
"""`now - 3 days`, reckoned by a caller's clock, is not refused for arriving a moment later."""
_PART_PAGES = 10
"""Few enough for one answer; a task that is cut in two is completed by id."""
_EXPENSIVE_PART_PAGES = 40
"""Where that costs a call per page of its rows, a part has room for the largest task (docs/vendor.md 6.1)."""
_PRELOAD = "preload"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A list question, planned: the seconds of creation it asks for, and how each product is asked.

    `older` are the seconds that the history answers for; None where the question does not reach back so far.
    """

    span: Span
    plans: Mapping[str, ListPlan]
    older: Span | None = None


def planned(
    query: ListQuery,
    specs: Sequence[ProductSpec],
    calls_in_time: Mapping[str, float],
    now: Moment,
    edge: int | None = None,
) -> Question:
    """The plan of `query`. Raises InvalidRequest for a range that nobody has and for a cost that is too high.

    `calls_in_time`: how many calls of its list each product takes while one answer may last, by the settings alone, so
    that every instance makes the same plan. `edge`: the second before which the history answers; None without one.
    """
    plans = {spec.name: _plan(query, spec, calls_in_time[spec.name]) for spec in specs}
    faults = [*_faults_of_range(query, now, edge), *_faults_of_cost(query, plans.values())]
    if faults:
        raise InvalidRequest(tuple(faults))
    span = _span(query, now)
    if edge is None or not _reaches_back(query, span, edge):
        return Question(span=span, plans=plans)
    older = replace(span, newest=min(span.newest, edge - 1), is_open=False)
    return Question(span=replace(span, oldest=max(span.oldest, edge)), plans=plans, older=older)


def _span(query: ListQuery, now: Moment) -> Span:
    """A missing time is completed."""
    last = math.ceil(query.end.timestamp()) - 1 if query.end else math.inf
    return Span(
        oldest=max(0, math.ceil(query.start.timestamp())) if query.start else 0,
        newest=int(min(last, now.wall)),
        is_open=last >= math.floor(now.wall),
    )


def _reaches_back(query: ListQuery, span: Span, edge: int) -> bool:
    """Whether tasks older than the vendor's are asked for: by a time, or by what they concern."""
    return span.oldest < edge and (query.start is not None or span.newest < edge or bool(query.object_paths))


def _faults_of_range(query: ListQuery, now: Moment, edge: int | None) -> Iterable[ParameterFault]:
    oldest = now.wall - VENDOR_WINDOW.total_seconds()
    earliest = _written(datetime.fromtimestamp(math.ceil(oldest), UTC))
    for name, time in (("startTime", query.start), ("endTime", query.end)):
        if edge is None and time and time.timestamp() < oldest - _TOLERANCE_SECONDS:
            detail = f"the vendor keeps tasks for {VENDOR_WINDOW.days} days: it must not be earlier than {earliest}"
            yield ParameterFault(parameter=name, value=_written(time), detail=detail)
    if query.start and query.start.timestamp() > now.wall + _TOLERANCE_SECONDS:
        detail = "it lies in the future: no task can have been created since"
        yield ParameterFault(parameter="startTime", value=_written(query.start), detail=detail)


def _faults_of_cost(query: ListQuery, plans: Collection[ListPlan]) -> Iterable[ParameterFault]:
    lists = [asks for plan in plans for asks in plan.narrowest]
    calls = len(lists)
    if calls <= MAX_CALLS:
        return
    cost = f"the question costs at least {calls} vendor calls, and at most {MAX_CALLS} are made for one"
    if query.object_paths:
        exact = sum(asks.object_path is not None for asks in lists)
        most = len(query.object_paths) * (MAX_CALLS - calls + exact) // exact
        detail = f"{cost}: name at most {most} URLs"
        yield ParameterFault(parameter="objectPath", value=None, detail=detail)
    elif not query.object_types:
        yield ParameterFault(parameter="objectType", value=None, detail=f"{cost}: name one")
    if len(plans) > 1:
        yield ParameterFault(parameter="product", value=None, detail=f"{cost}: ask fewer products")


def _written(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _plan(query: ListQuery, spec: ProductSpec, calls_in_time: float) -> ListPlan:
    plan = ListPlan(_choices(query, spec), _sizes(spec))
    if len(plan.narrowest) >= calls_in_time and not query.object_paths:
        # Many lists must all be read before the first task is known; one list gets on with every call.
        return ListPlan((ListChoice(EVERY_ROW),), plan.sizes)
    return plan


def _sizes(spec: ProductSpec) -> PageSizes:
    return PageSizes(spec.listing.page_size, _EXPENSIVE_PART_PAGES if spec.lookup.expensive else _PART_PAGES)


def _choices(query: ListQuery, spec: ProductSpec) -> tuple[ListChoice, ...]:
    types, statuses = _types(query), _statuses(query, spec)
    if types == ():
        return ()
    if query.object_paths:  # few rows concern one URL: the rest is chosen here
        listed = [word for word in spec.listing.object_types if types is None or word in types]
        return tuple(ListChoice(asks) for asks in Coverage(query.object_paths).lists(listed))
    if (types is None and query.domain_name is None and not statuses) or not _filterable(types, spec):
        return (ListChoice(EVERY_ROW),)
    domain = query.domain_name and normal_domain(query.domain_name)
    by_type = tuple(_choice(domain, word, statuses) for word in types or _types_of_action(query, spec))
    return by_type if len(by_type) == 1 else (ListChoice(EVERY_ROW, by_type),)


def _choice(domain: str | None, object_type: str, statuses: tuple[str, ...]) -> ListChoice:
    """All rows of a type, or those of each state; of one state at once."""
    every_state = VendorFilter(domain_name=domain, object_type=object_type)
    by_status = tuple(ListChoice(replace(every_state, status=status)) for status in statuses)
    return by_status[0] if len(by_status) == 1 else ListChoice(every_state, by_status)


def _types(query: ListQuery) -> tuple[str, ...] | None:
    """The ObjectTypes wanted by name, none where they exclude the action; None for all that the action has."""
    if query.object_types:
        asked = dict.fromkeys(normal_type(word) for word in query.object_types)
        return tuple(word for word in asked if query.action in {None, action_of(word)})
    # Refreshes are most of what there is, and of undocumented types too: without need they are not asked type by type.
    return (_PRELOAD,) if query.action == _PRELOAD else None


def _filterable(types: tuple[str, ...] | None, spec: ProductSpec) -> bool:
    return types is None or set(types) <= set(spec.listing.object_types)


def _types_of_action(query: ListQuery, spec: ProductSpec) -> tuple[str, ...]:
    return tuple(word for word in spec.listing.object_types if query.action in {None, action_of(word)})


def _statuses(query: ListQuery, spec: ProductSpec) -> tuple[str, ...]:
    """The vendor's words to ask for one by one; none where rows of all states are read and chosen from here.

    That is: for states the product cannot filter by; for `complete`, which most rows are; and for several states that a
    row moves between, because it could be missed in both: not there yet, and there no more.
    """
    words = {spec.words.status(word): word for word in spec.listing.statuses}
    wanted = query.statuses
    filterable = all(status in words and status is not Status.COMPLETE for status in wanted)
    settled = len(wanted) == 1 or all(status.bad for status in wanted)
    return tuple(words[status] for status in wanted) if filterable and settled else ()
