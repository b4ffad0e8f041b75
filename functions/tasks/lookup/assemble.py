"""Puts the results of all products together into one report, in which every id asked stands exactly once."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from functions.model import Moment, Status, TaskKey
from functions.products.lookup.loader import LookupResult
from functions.tasks.lookup.problems import problems_of
from functions.tasks.lookup.routing import Routes
from functions.tasks.query import MAX_OBJECTS, LookupQuery, RequestedId
from functions.tasks.render.fold import mean_percent
from functions.tasks.render.task import Rendered, Renderer
from functions.tasks.report import NotFound, Outcome, Summary, TaskReport, Undecided
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
        self._waiting |= may_appear or any(fault.reason.retryable for fault in faults)
        if faults:
            failing = tuple(fault.product for fault in faults)
            self._undecided.append(Undecided(id=str(asked), products=failing, may_appear=may_appear))
        else:
            self._not_found.append(NotFound(id=str(asked), products=tuple(products), may_appear=may_appear))

    def report(self) -> TaskReport:
        """The report on what was added."""
        report = TaskReport(
            tasks=tuple(rendered.task for rendered in self._shown.values()),
            not_found=tuple(self._not_found),
            undecided=tuple(self._undecided),
            problems=problems_of(result.fault for result in self._results.values() if result.fault),
            summary=self._summary(),
            version="",
        )
        return msgspec.structs.replace(report, version=_version(report, self._shown.values()))

    def _summary(self) -> Summary:
        tasks = [rendered.task for rendered in self._shown.values()]
        counts = Counter(task.status for task in tasks)
        done = not self._waiting and all(task.done for task in tasks)
        figures = [task.progress for task in tasks if task.progress is not None]
        missing = len(self._not_found) + len(self._undecided)
        return Summary(
            asked=len(self._query.ids),
            found=len(self._query.ids) - missing,
            not_found=len(self._not_found),
            undecided=len(self._undecided),
            **{status.value: counts[status.value] for status in Status},
            progress=mean_percent(figures, finished=counts[Status.COMPLETE.value] == len(tasks)),
            done=done,
            outcome=_outcome(counts, missing=missing > 0 or not tasks) if done else None,
        )


def _outcome(counts: Mapping[str, int], *, missing: bool) -> Outcome:
    if any(counts.get(status.value) for status in Status if status.bad):
        return Outcome.FAILED
    return Outcome.MISSING if missing else Outcome.SUCCEEDED


def _version(report: TaskReport, shown: Iterable[Rendered]) -> str:
    """A hash of what a viewer sees, in any order of ids, without the time and the calls by which it was learned."""
    seen = hashlib.blake2b(digest_size=12)
    for digest in sorted(rendered.digest for rendered in shown):
        seen.update(digest)
    problems = [msgspec.structs.replace(entry, retry_after=None, request_ids=()) for entry in report.problems]
    not_found = sorted(report.not_found, key=lambda entry: entry.id)
    undecided = sorted(report.undecided, key=lambda entry: entry.id)
    problems.sort(key=lambda entry: (entry.product, entry.reason))
    seen.update(msgspec.json.encode((not_found, undecided, problems, report.summary)))
    return seen.hexdigest()
