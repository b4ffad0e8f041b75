"""Puts the results of all products together into one report, in which every id asked stands exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from functions.model import Moment, TaskKey
from functions.products.lookup.loader import LookupResult
from functions.tasks.lookup.problems import problems_of
from functions.tasks.lookup.routing import Routes
from functions.tasks.query import MAX_OBJECTS, LookupQuery, RequestedId
from functions.tasks.render.report import make_report
from functions.tasks.render.task import Rendered, Renderer
from functions.tasks.report import NotFound, TaskReport, Undecided
from functions.tasks.scope import part_about

LookupResults = Mapping[TaskKey, LookupResult]

_ROWS_BETWEEN_YIELDS = 1_000
"""Rendering so many rows takes some 10 ms; then the event loop serves other requests."""


def assemble(query: LookupQuery, results: LookupResults, routes: Routes, now: Moment, renderer: Renderer) -> TaskReport:
    """The report on `query`: `routes` says which products each id was asked of, `results` what the caller may see."""
    assembly = _Assembly(query, results, now, renderer)
    for asked in query.ids:
        assembly.add(asked, routes[asked])
    return assembly.report()


async def assemble_cooperatively(
    query: LookupQuery, results: LookupResults, routes: Routes, now: Moment, renderer: Renderer
) -> TaskReport:
    """The same, yielding to the event loop now and then: a report on 1,000 tasks must not delay other requests."""
    assembly = _Assembly(query, results, now, renderer)
    rows = 0
    for asked in query.ids:
        rows += 1 + assembly.add(asked, routes[asked])
        if rows >= _ROWS_BETWEEN_YIELDS:
            rows = 0
            await asyncio.sleep(0)
    return assembly.report()


class _Assembly:
    """A report under construction."""

    def __init__(self, query: LookupQuery, results: LookupResults, now: Moment, renderer: Renderer) -> None:
        self._query = query
        self._results = results
        self._now = now
        self._renderer = renderer
        self._shown: dict[TaskKey, Rendered] = {}
        self._not_found: list[NotFound] = []
        self._undecided: list[Undecided] = []
        self._room = MAX_OBJECTS
        self._waiting = False

    def add(self, asked: RequestedId, products: Sequence[str]) -> int:
        """Answer one id; returns how many rows were rendered for it."""
        results = [self._results[asked.key_in(product)] for product in products]
        found = [result for result in results if result.found]
        if not found:
            self._add_without_task(asked, products, results)
            return 0
        return sum(self._show(result) for result in found)

    def _show(self, result: LookupResult) -> int:
        assert result.snapshot is not None  # noqa: S101 -- only found results are shown
        snapshot = part_about(result.snapshot, self._query.object_paths)
        if snapshot.key in self._shown:
            return 0
        limit = min(self._query.objects, self._room)
        rendered = self._renderer.render(snapshot, objects=limit, stale=result.fault is not None)
        self._room -= len(rendered.task.objects)
        self._shown[snapshot.key] = rendered
        return len(snapshot.rows)

    def _add_without_task(self, asked: RequestedId, products: Sequence[str], results: Sequence[LookupResult]) -> None:
        """The id is unknown to all products that were asked, or one of them gave no answer.

        While a product that answers may still come to know the id, or one that does not answer may do so later, the
        report is not done, whatever another product refuses for good (docs/contract.md "Answer").
        """
        may_appear = any(result.may_appear(self._now) for result in results)
        faults = [result.fault for result in results if result.fault and not result.fault.reason.decides]
        self._waiting |= may_appear or any(fault.retryable for fault in faults)
        if faults:
            failing = tuple(fault.product for fault in faults)
            self._undecided.append(Undecided(id=str(asked), products=failing, may_appear=may_appear))
        else:
            self._not_found.append(NotFound(id=str(asked), products=tuple(products), may_appear=may_appear))

    def report(self) -> TaskReport:
        """The report on what was added."""
        return make_report(
            asked=len(self._query.ids),
            tasks=tuple(rendered.task for rendered in self._shown.values()),
            not_found=tuple(self._not_found),
            undecided=tuple(self._undecided),
            problems=problems_of(result.fault for result in self._results.values() if result.fault),
            rejected=self._query.rejected,
            waiting=self._waiting,
            digests=(rendered.digest for rendered in self._shown.values()),
        )
