"""Puts the findings of all products together into one report, in which every id asked stands exactly once."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from functions.errors import Reason, UpstreamFault
from functions.model import Moment, Status, TaskKey, TaskSnapshot
from functions.products.lookup.loader import LookupResult
from functions.tasks.query import MAX_OBJECTS, LookupQuery, RequestedId
from functions.tasks.render.fold import mean_percent
from functions.tasks.render.task import Rendered, Renderer
from functions.tasks.report import NotFound, Outcome, Problem, Summary, Task, TaskReport, Undecided
from functions.tasks.scope import part_about, visible_part

LookupResults = Mapping[TaskKey, LookupResult]
_MAX_REQUEST_IDS = 10
_RETRY_AFTER: Mapping[Reason, int] = {
    Reason.THROTTLED: 1,
    Reason.TIMEOUT: 2,
    Reason.DEADLINE: 2,
    Reason.UNAVAILABLE: 2,
    Reason.MALFORMED: 10,
}
"""Seconds after which it is worth asking again, where the vendor named none."""


def assemble(
    query: LookupQuery,
    findings: LookupResults,
    plan: Mapping[RequestedId, Sequence[str]],
    now: Moment,
    renderer: Renderer,
) -> TaskReport:
    """The report on `query`; `plan` says which products each id was asked of, `findings` what each answered."""
    shown: dict[TaskKey, Rendered] = {}
    not_found: list[NotFound] = []
    undecided: list[Undecided] = []
    room = MAX_OBJECTS
    for asked in query.ids:
        answers = [(product, findings[asked.key_in(product)]) for product in plan[asked]]
        seen = [(finding, part) for _, finding in answers if (part := _visible(finding, query))]
        for finding, part in seen:
            if part.key not in shown:
                rendered = renderer.render(part, objects=min(query.objects, room), stale=finding.fault is not None)
                room -= len(rendered.task.objects)
                shown[part.key] = rendered
        if not seen:
            _file(asked, answers, now, not_found, undecided)
    tasks = tuple(rendered.task for rendered in shown.values())
    summary = _summarize(query, tasks, tuple(not_found), tuple(undecided), _retryable(findings))
    report = TaskReport(
        tasks=tasks,
        not_found=tuple(not_found),
        undecided=tuple(undecided),
        problems=tuple(_problems(findings.values())),
        summary=summary,
        version="",
    )
    return msgspec.structs.replace(report, version=_version(report, shown.values()))


def problems_of(faults: Iterable[UpstreamFault]) -> tuple[Problem, ...]:
    """One problem per product and reason."""
    return tuple(_problems(LookupResult(fault=fault) for fault in faults))


def _visible(finding: LookupResult, query: LookupQuery) -> TaskSnapshot | None:
    if finding.snapshot is None:
        return None
    visible = visible_part(finding.snapshot, query.scope)
    return visible and part_about(visible, query.object_paths)


def _file(
    asked: RequestedId,
    answers: Sequence[tuple[str, LookupResult]],
    now: Moment,
    not_found: list[NotFound],
    undecided: list[Undecided],
) -> None:
    """An id without a visible task is either unknown to all who were asked, or somebody could not be asked."""
    failing = tuple(product for product, finding in answers if finding.fault and not finding.fault.reason.decides)
    if failing:
        undecided.append(Undecided(id=str(asked), products=failing))
        return
    may_appear = any(_may_appear(finding, now) for _, finding in answers)
    products = tuple(product for product, _ in answers)
    not_found.append(NotFound(id=str(asked), products=products, may_appear=may_appear))


def _may_appear(finding: LookupResult, now: Moment) -> bool:
    """By when the id was first seen; a hidden task must look like one that does not exist."""
    return finding.snapshot is not None and finding.snapshot.young_at(now)


def _problems(findings: Iterable[LookupResult]) -> Iterable[Problem]:
    by_kind: dict[tuple[str, Reason], list[UpstreamFault]] = {}
    for finding in findings:
        if finding.fault is not None:
            by_kind.setdefault((finding.fault.product, finding.fault.reason), []).append(finding.fault)
    for (product, reason), faults in by_kind.items():
        yield Problem(
            product=product,
            reason=reason.value,
            retry_after=_retry_after(reason, faults),
            vendor_code=next((fault.vendor_code for fault in faults if fault.vendor_code), None),
            request_ids=tuple(dict.fromkeys(f.request_id for f in faults if f.request_id))[:_MAX_REQUEST_IDS],
        )


def _retry_after(reason: Reason, faults: Sequence[UpstreamFault]) -> int | None:
    named = [math.ceil(fault.retry_after) for fault in faults if fault.retry_after is not None]
    return max([_RETRY_AFTER[reason], *named]) if reason.retryable else None


def _retryable(findings: LookupResults) -> frozenset[str]:
    """Products with a fault that may pass by itself."""
    faults = (finding.fault for finding in findings.values() if finding.fault)
    return frozenset(fault.product for fault in faults if fault.reason.retryable)


def _summarize(
    query: LookupQuery,
    tasks: Sequence[Task],
    not_found: Sequence[NotFound],
    undecided: Sequence[Undecided],
    retryable: frozenset[str],
) -> Summary:
    counts = Counter(task.status for task in tasks)
    waiting = any(retryable & set(entry.products) for entry in undecided) or any(e.may_appear for e in not_found)
    done = not waiting and all(task.done for task in tasks)
    figures = [task.progress for task in tasks if task.progress is not None]
    complete = counts[Status.COMPLETE.value] == len(tasks)
    return Summary(
        asked=len(query.ids),
        found=len(query.ids) - len(not_found) - len(undecided),
        not_found=len(not_found),
        undecided=len(undecided),
        **{status.value: counts[status.value] for status in Status},
        progress=mean_percent(figures, finished=complete),
        done=done,
        outcome=_outcome(counts, missing=bool(not_found or undecided) or not tasks) if done else None,
    )


def _outcome(counts: Mapping[str, int], *, missing: bool) -> Outcome:
    if any(counts.get(status.value) for status in Status if status.bad):
        return Outcome.FAILED
    return Outcome.MISSING if missing else Outcome.SUCCEEDED


def _version(report: TaskReport, shown: Iterable[Rendered]) -> str:
    """A hash of what a viewer sees; when and by which calls it was learned does not change it."""
    seen = hashlib.blake2b(digest_size=12)
    for rendered in shown:
        seen.update(rendered.digest)
    problems = [msgspec.structs.replace(entry, retry_after=None, request_ids=()) for entry in report.problems]
    seen.update(msgspec.json.encode((report.not_found, report.undecided, problems, report.summary)))
    return seen.hexdigest()
