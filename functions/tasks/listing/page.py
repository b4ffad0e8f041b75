"""The verb `list`: tasks of all products as if they were of one, newest first, page by page."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from functions.errors import InvalidRequest, ParameterFault, Reason, UpstreamFault
from functions.model import Clock, Status, in_account, split_account
from functions.products.listing.pages import oldest_second
from functions.products.product import Product
from functions.settings import Settings
from functions.tasks.callers.turns import CallerTurns, Turn
from functions.tasks.history.history import History
from functions.tasks.listing.complete import Completed, ListedTask, complete
from functions.tasks.listing.cursor import Cursor
from functions.tasks.listing.history_filler import HistoryFiller, OlderTasks
from functions.tasks.listing.list_parts import ListParts, first_parts, later_parts
from functions.tasks.listing.page_filler import PageFiller, TimeLimits
from functions.tasks.listing.page_token import PageTokens
from functions.tasks.listing.planner import planned
from functions.tasks.listing.read_ahead import ReadAheadCache
from functions.tasks.listing.row_filter import RowFilter
from functions.tasks.lookup.problems import problems_of
from functions.tasks.query import MAX_OBJECTS, ListQuery
from functions.tasks.render.match import with_match
from functions.tasks.render.task import render_task
from functions.tasks.report import Task, TaskList
from functions.tasks.results import ListAnswer, NothingAnswered, Timing
from functions.tasks.scope import visible_part
from functions.urls import with_other_scheme

_ENOUGH_SHARE, _LATEST_SHARE = 0.4, 0.75
"""Of the deadline: when reading begins to be enough, and when it ends; the rest is for completing tasks by id."""
_OF_PARAMETERS: Mapping[str | None, str] = MappingProxyType(
    {
        "InvalidObjectPath.Malformed": "objectPath",
        "DomainNameOverLimit": "domainName",
        "InvalidTime": "startTime",
        "InvalidStartTime.Malformed": "startTime",
        "InvalidStartTime.ValueNotSupported": "startTime",
        "InvalidEndTime.Malformed": "endTime",
        "InvalidEndTime.Mismatch": "endTime",
        "InvalidEndTime.ValueNotSupported": "endTime",
    }
)
"""The vendor's refusals that a caller can do something about."""


class TaskLister:
    """Answers list questions."""

    def __init__(
        self, settings: Settings, products: Mapping[str, Product], clock: Clock, history: History | None = None
    ) -> None:
        """`products` in the order of the registry; `history` keeps what lists show done."""
        self._history = history
        self._settings = settings
        self._products = products
        self._clock = clock
        self._tokens = PageTokens(settings)
        self._read_ahead = ReadAheadCache(clock)
        self._turns = CallerTurns()

    async def list(self, query: ListQuery) -> ListAnswer:
        """One page. Raises InvalidRequest, and NothingAnswered when no product gave any answer."""
        # Lists of one account do not compete for the calls of another.
        account, _ = split_account(next(iter(query.products), ""))
        with self._turns.turn_of(in_account(account, query.scope.caller)) as turn:
            return await self._list(query, turn)

    async def _list(self, query: ListQuery, turn: Turn) -> ListAnswer:
        started, seconds = asyncio.get_running_loop().time(), self._settings.deadline_seconds
        too_old = self._clock.now().later(-self._settings.fresh_seconds)
        row_filter = RowFilter(query)
        parts = self._parts(query)
        filler = PageFiller(
            self._products,
            parts.live,
            row_filter,
            TimeLimits(enough=started + seconds * _ENOUGH_SHARE, latest=started + seconds * _LATEST_SHARE),
            turn,
        )
        await filler.fill(query.page_size)
        if filler.faults and query.page_token is not None and not filler.got_anywhere:
            self._read_ahead.keep(query.page_token, filler.lists)  # what was read serves who tries again
        _refuse_silence(filler)
        older, completed = await asyncio.gather(
            self._older(query, parts, filler, started + seconds),
            complete(filler.chosen, self._products, query.scope.principal, too_old, started + seconds),
        )
        if self._history:
            await self._history.keep(each.snapshot for each in completed.tasks if not each.partial)
        listed = (*completed.tasks, *(ListedTask(snapshot=task) for task in older.tasks))
        page = TaskList(
            tasks=_rendered(query, listed, row_filter),
            problems=problems_of([*filler.faults.values(), *completed.faults, *older.faults]),
            next_page_token=self._token(query, filler, older.cursors),
        )
        if not (page.tasks or page.problems or page.next_page_token):
            other_scheme = await self._other_scheme(query, started + seconds, turn)
            page = msgspec.structs.replace(page, other_scheme=other_scheme)
        return ListAnswer(page=page, timings=_timings(filler, completed, started))

    def forget(self) -> None:
        """The instance was frozen: what was read ahead is old."""
        self._read_ahead.forget()
        for product in self._products.values():
            product.list_source.forget()

    async def _other_scheme(self, query: ListQuery, deadline: float, turn: Turn) -> str | None:
        """The one URL asked for with the other scheme, if it has tasks: people forget which of the two is cached."""
        other = with_other_scheme(query.object_paths[0]) if len(query.object_paths) == 1 else None
        if other is None or query.page_token is not None:
            return None
        shows = query.scope.audience.shows
        if not await turn.wait(deadline):
            return None
        searches = (self._products[product].path_search.run(other, deadline) for product in _in_scope(query))
        found = await asyncio.gather(*searches)
        return other if any(shows(row.object_path) for each in found for row in each.rows) else None

    def _parts(self, query: ListQuery) -> ListParts:
        """Where each product begins or goes on."""
        asked = {product: self._products[product] for product in _in_scope(query)}
        seconds = self._settings.deadline_seconds
        calls_in_time = {name: product.list_source.rate * seconds * _LATEST_SHARE for name, product in asked.items()}
        now = self._clock.now()
        # What the vendor may forget while it is read is left to the history.
        edge = oldest_second(now.later(seconds)) if self._history else None
        question = planned(query, [product.spec for product in asked.values()], calls_in_time, now, edge)
        if query.page_token is None:
            return first_parts(question)
        cursors = self._tokens.read(query.page_token, query)
        return later_parts(question, cursors, self._read_ahead.at(query.page_token))

    async def _older(self, query: ListQuery, parts: ListParts, filler: PageFiller, deadline: float) -> OlderTasks:
        """What the history adds to the page, once the vendor's lists have come to their ends."""
        ended = {product for product, part in filler.lists.items() if part.cursor is None}
        begin = {product: cursor for product, cursor in parts.older.items() if product in ended}
        if self._history is None or not begin:
            return OlderTasks()
        unread = filler.lists.keys() - ended - filler.faults.keys()
        room = 0 if unread else query.page_size - len(filler.chosen)
        older = await HistoryFiller(self._history, query, parts.oldest).fill(begin, room, deadline)
        if older.faults and not (filler.calls or filler.chosen or older.cursors != begin):
            raise NothingAnswered(problems_of(older.faults))
        return older

    def _token(self, query: ListQuery, filler: PageFiller, older: Mapping[str, Cursor]) -> str | None:
        """Where the next page goes on; None at the end, and where only what cannot succeed is left."""
        live = {product: cursor for product, part in filler.lists.items() if (cursor := part.cursor)}
        if not (older or any(_may_answer(filler.faults.get(product)) for product in live)):
            return None
        token = self._tokens.write(query, {**live, **older})
        self._read_ahead.keep(token, {product: filler.lists[product] for product in live})
        return token


def _in_scope(query: ListQuery) -> Sequence[str]:
    """The products to ask: none when no row that matches can be one that the caller may see."""
    audience = query.scope.audience
    if query.object_paths and not any(map(audience.shows, query.object_paths)):
        return ()
    if not audience.reaches(query.domain_name):
        return ()
    return [product for product in query.products if audience.allows(product)]


def _may_answer(fault: UpstreamFault | None) -> bool:
    return fault is None or fault.retryable


def _refuse_silence(filler: PageFiller) -> None:
    """When the list is no further, every product failed and there is no page: the same token may be tried again."""
    faults = filler.faults
    if not faults or filler.got_anywhere:
        return
    if any(fault.reason.decides for fault in faults.values()):
        return
    named = {_OF_PARAMETERS.get(fault.vendor_code): fault for fault in faults.values()}
    if None not in named and all(fault.reason is Reason.REJECTED for fault in faults.values()):
        raise InvalidRequest(
            tuple(
                ParameterFault(parameter=name, value=None, detail=f"{fault.product} refuses it: {fault.vendor_code}")
                for name, fault in named.items()
                if name
            )
        )
    raise NothingAnswered(problems_of(faults.values()))


def _rendered(query: ListQuery, listed: Sequence[ListedTask], row_filter: RowFilter) -> tuple[Task, ...]:
    tasks: list[Task] = []
    room = MAX_OBJECTS
    for each in listed:
        part = visible_part(each.snapshot, query.scope.audience)
        if part is not None:
            task = render_task(part, objects=min(query.objects, room), stale=each.stale)
            room -= len(task.objects)
            if query.object_paths:
                task = with_match(task, row_filter.coverage.closest(part.rows), row_filter.coverage)
            tasks.append(_as_partial(task) if each.partial else task)
    return tuple(tasks)


def _as_partial(task: Task) -> Task:
    """Rows are missing: nothing can be said of the whole."""
    return msgspec.structs.replace(task, partial=True, status=Status.UNKNOWN.value, done=False, progress=None)


def _timings(filler: PageFiller, completed: Completed, started: float) -> tuple[Timing, ...]:
    seconds: defaultdict[str, float] = defaultdict(float)
    calls: defaultdict[str, int] = defaultdict(int)
    for product, at in filler.answered_at.items():
        seconds[product], calls[product] = at - started, filler.calls[product]
    for timing in completed.timings:
        seconds[timing.product] += timing.seconds
        calls[timing.product] += timing.calls
    return tuple(Timing(product, seconds[product], calls[product]) for product in filler.lists if product in calls)
