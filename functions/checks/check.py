"""The verb `check`: asks the edge and the origin, and the products only where the two differ."""

from __future__ import annotations

import asyncio
from typing import Protocol

import msgspec

from functions.checks.address import Resolve, system_resolve
from functions.checks.comparison import observed
from functions.checks.exchange import Answer, Requester
from functions.checks.findings import (
    IGNORES_PARAMETERS,
    Verdict,
    by_answers,
    by_task,
    covering,
    needs_bodies,
    other_spelling,
    spellings,
)
from functions.checks.report import CheckedTask, CheckReport, Finding
from functions.checks.site import sites_of
from functions.model import Clock, SystemClock
from functions.settings import Settings
from functions.tasks.query import MAX_OBJECTS, ListQuery, Scope
from functions.tasks.render.task import instant_ms
from functions.tasks.report import Problem, TaskList
from functions.tasks.results import ListAnswer, NothingAnswered
from functions.urls import with_other_scheme

HTTP_SECONDS = 8.0
"""For all requests of one check together."""
MOST_AT_A_TIME = 16
_REFRESH = "refresh"


class RefreshTasks(Protocol):
    """The service, as far as a check needs it. Both raise BudgetExceeded."""

    async def charge_check(self, scope: Scope) -> None:
        """Take one check from the caller's budget."""

    async def list(self, query: ListQuery) -> ListAnswer:
        """Tasks with a matching row, newest first. Raises NothingAnswered."""


class _Refreshes(msgspec.Struct, frozen=True):
    """What the tasks tell: the finding, the task behind it, and which products could not answer."""

    finding: Finding
    task: CheckedTask | None = None
    problems: tuple[Problem, ...] = ()


class Checks:
    """Checks URLs of the configured hosts."""

    def __init__(
        self, settings: Settings, tasks: RefreshTasks, *, resolve: Resolve = system_resolve, clock: Clock | None = None
    ) -> None:
        """Raises SettingsError for sites that cannot be used."""
        self._sites = sites_of(settings)
        self._products = settings.product_names
        self._tasks = tasks
        self._requester = Requester(resolve)
        self._clock = clock or SystemClock()
        self._slots = asyncio.Semaphore(MOST_AT_A_TIME)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that may be checked."""
        return tuple(self._sites)

    async def check(self, url: str, scope: Scope) -> CheckReport:
        """Whether `url`, as clients send it and of one of the hosts, is fresh. Raises BudgetExceeded."""
        await self._tasks.charge_check(scope)
        checked_at = instant_ms(self._clock.now().utc)
        async with self._slots:
            edge, origin = await self._answers(url)
        verdict = by_answers(edge, origin)
        why = await self._why(url, scope, origin, verdict)
        return CheckReport(
            url=url,
            fresh=verdict.fresh,
            finding=why.finding,
            edge=observed(edge),
            origin=observed(origin),
            differs=verdict.differs,
            task=why.task,
            problems=why.problems,
            checked_at=checked_at,
        )

    async def _answers(self, url: str) -> tuple[Answer, Answer]:
        """Of the edge and of the origin, both at the same time: to HEAD, or to GET where that decides more."""
        deadline = asyncio.get_running_loop().time() + HTTP_SECONDS
        edge, origin = await self._both("HEAD", url, deadline)
        return await self._both("GET", url, deadline) if needs_bodies(edge, origin) else (edge, origin)

    async def _both(self, method: str, url: str, deadline: float) -> tuple[Answer, Answer]:
        scheme, _, rest = url.partition("://")
        authority, slash, path = rest.partition("/")
        site = self._sites[authority]
        return await asyncio.gather(
            self._requester.ask(site.edge(scheme), method, slash + path, deadline),
            self._requester.ask(site.origin, method, slash + path, deadline),
        )

    async def _why(self, url: str, scope: Scope, origin: Answer, verdict: Verdict) -> _Refreshes:
        if verdict.finding is not None:
            return _Refreshes(verdict.finding)
        searched = spellings(url)
        page = await self._refreshes_of(searched, scope)
        task = covering(url, page.tasks)
        if task is not None:
            return _Refreshes(by_task(task, origin), task, page.problems)
        other = other_spelling(url, page.tasks)
        if other is None and _is_complete(page):
            page = await self._refreshes_of(tuple(map(_with_other_scheme, searched)), scope, of_files_only=True)
            other = other_spelling(url, page.tasks)
        if other is not None:
            return _Refreshes(Finding.URL_DIFFERS, other, page.problems)
        return _Refreshes(Finding.NOT_REFRESHED if _is_complete(page) else Finding.TASKS_UNKNOWN, None, page.problems)

    async def _refreshes_of(self, urls: tuple[str, ...], scope: Scope, *, of_files_only: bool = False) -> TaskList:
        query = ListQuery(
            products=self._products,
            object_paths=urls,
            object_types=("file", IGNORES_PARAMETERS) if of_files_only else (),
            action=_REFRESH,
            objects=MAX_OBJECTS,
            scope=scope,
        )
        try:
            return (await self._tasks.list(query)).page
        except NothingAnswered as silence:
            return TaskList(tasks=(), problems=silence.problems)


def _is_complete(page: TaskList) -> bool:
    """Whether there are surely no more tasks than these."""
    return not page.problems and page.next_page_token is None


def _with_other_scheme(url: str) -> str:
    other = with_other_scheme(url)
    assert other is not None  # noqa: S101 -- what is checked has a scheme
    return other
