"""Makes listed tasks whole: a filter shows some rows of a task, and those alone would fold to a wrong status.

What a list showed in full is what it is, and is kept for lookups; of the rest all rows are asked by id, ten ids a call.
Where a product takes one id a call (VOD), that is done for a few tasks and the others are said to be partial.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from functions.errors import UpstreamFault
from functions.model import Moment, TaskSnapshot, make_snapshot
from functions.products.lookup.loader import LookupResult
from functions.products.lookup.principal import Principal
from functions.products.product import Product
from functions.tasks.listing.product_list import ListedCandidate
from functions.tasks.lookup.fan_out import FanOut
from functions.tasks.query import RequestedId
from functions.tasks.results import Timing

EXPENSIVE_COMPLETIONS = 10
"""How many tasks of a page are completed where each costs a call."""


class ListedTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task as it is going to be shown. `partial`: these are not all of its rows."""

    snapshot: TaskSnapshot
    partial: bool = False
    stale: bool = False


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """All tasks of a page in the order given, and what it took."""

    tasks: tuple[ListedTask, ...]
    faults: tuple[UpstreamFault, ...]
    timings: tuple[Timing, ...]


async def complete(
    candidates: Sequence[ListedCandidate],
    products: Mapping[str, Product],
    principal: Principal,
    too_old: Moment,
    deadline: float,
) -> Completed:
    """The tasks, whole where that can be had by `deadline`; a moving one read before `too_old` is asked for anew."""
    listed = {candidate.key: _as_listed(candidate, products[candidate.key.product]) for candidate in candidates}
    wanted = [
        candidate
        for candidate in candidates
        if _is_wanting(listed[candidate.key], products[candidate.key.product], too_old)
    ]
    if not wanted:
        return Completed(tasks=tuple(listed.values()), faults=(), timings=())
    with FanOut(products, deadline, principal) as fan:
        fan.ask(
            {
                RequestedId(task.key.task_id, task.key.product): [task.key.product]
                for task in _affordable(wanted, products)
            }
        )
        await fan.settled(deadline)
        results, timings = fan.results(), fan.timings()
    tasks = tuple(_with(task, results.get(key)) for key, task in listed.items())
    faults = tuple(result.fault for result in results.values() if result.fault)
    return Completed(tasks=tasks, faults=faults, timings=timings)


def _as_listed(candidate: ListedCandidate, product: Product) -> ListedTask:
    if candidate.whole:
        return ListedTask(snapshot=product.observe(candidate.key.task_id, candidate.rows, candidate.asked))
    asked = candidate.asked
    part = make_snapshot(candidate.key, candidate.rows, checked=asked, unchanged_since=asked, first_asked=asked)
    return ListedTask(snapshot=part, partial=True)


def _is_wanting(listed: ListedTask, product: Product, too_old: Moment) -> bool:
    if listed.partial:
        return True
    is_old = listed.snapshot.checked.age_at(too_old) > 0
    return is_old and not listed.snapshot.done and not product.spec.lookup.expensive


def _affordable(wanted: Iterable[ListedCandidate], products: Mapping[str, Product]) -> Iterable[ListedCandidate]:
    """All of them, but of a product with one id a call only the first few, and none that has more rows than a page."""
    left = EXPENSIVE_COMPLETIONS
    for candidate in wanted:
        spec = products[candidate.key.product].spec
        if spec.lookup.expensive and (not left or len(candidate.rows) >= spec.listing.page_size):
            continue
        left -= spec.lookup.expensive
        yield candidate


def _with(listed: ListedTask, result: LookupResult | None) -> ListedTask:
    """What was found by id, if anything; a task that a list has just shown is not taken for unknown."""
    if result is None or result.snapshot is None or not result.snapshot.found:
        return listed
    return ListedTask(snapshot=result.snapshot, stale=result.fault is not None)
