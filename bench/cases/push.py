"""How soon a change is closed when its task is over: told by CDN, beside the timer alone. In virtual time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from statistics import median

import msgspec

from bench.cases.effort import Effort
from bench.figures import Bar, CaseResult, Line
from emulator.tasks.transition import Transition
from functions.events.change import ChangeRecord
from tests.support.memory_store import Shelf
from tests.support.oss_in_process import Instance, SlowAccount, cdn_event, document, event, rule
from tests.support.virtual_time import run

_TASK_SECONDS = 330
"""A refresh takes 5 to 6 minutes (docs/vendor.md 2)."""
_BETWEEN_SECONDS = 7
"""From one change to the next: no divisor of the timer's minute, so that tasks end at all times within it."""
_DELIVERY_SECONDS = 1.0
"""From the end of a task to CDN's event: assumed (docs/function-compute.md 5.9)."""
_MOST_SECONDS = 5.0
_TIMER_SECONDS = 60.0


class _Played(msgspec.Struct, frozen=True):
    """Seconds from the end of each change's task to the closed change, and the calls by id that it took."""

    seconds: list[float]
    calls: int


async def closed(effort: Effort) -> CaseResult:
    """Changes one after the other; a figure for each way of learning that their tasks are over."""
    count = effort.amount(120, 30)
    pushed, timed = [await asyncio.to_thread(run, _play(count, pushes=pushes)) for pushes in (True, False)]
    case = f"{count} changes of objects, a refresh of {_TASK_SECONDS} s each"
    bars = {"pushed": Bar(_MOST_SECONDS, "the event's delivery and one lookup"), "timer": None}
    return CaseResult(
        [
            Line(case=case, what=f"{name}: task over to change closed, {figure}", ours=value, unit="s", bar=bars[name])
            for name, played in (("pushed", pushed), ("timer", timed))
            for figure, value in (("median", median(played.seconds)), ("longest", max(played.seconds)))
        ]
        + [
            Line(case=case, what=f"{name}: calls by id", ours=played.calls, unit="calls")
            for name, played in (("pushed", pushed), ("timer", timed))
        ]
    )


async def _play(count: int, *, pushes: bool) -> _Played:
    account, shelf = SlowAccount(), Shelf()
    account.tasks.submit_transition = Transition(by="seconds", length=_TASK_SECONDS)
    instance = Instance(account, shelf, rule(created=["refresh"]))
    keys = [f"{number}.jpg" for number in range(count)]
    timer = asyncio.create_task(_call_each_minute(instance))
    async with asyncio.TaskGroup() as changes:
        for number, key in enumerate(keys):
            changes.create_task(_change(instance, shelf, key, number * _BETWEEN_SECONDS, pushes=pushes))
    await asyncio.sleep(_TASK_SECONDS + 2 * _TIMER_SECONDS)
    timer.cancel()
    return _Played([_late(document(shelf, key)) for key in keys], account.calls["DescribeRefreshTaskById"])


async def _call_each_minute(instance: Instance) -> None:
    while True:
        await asyncio.sleep(_TIMER_SECONDS)
        await instance.sweep()


async def _change(instance: Instance, shelf: Shelf, key: str, at: float, *, pushes: bool) -> None:
    await asyncio.sleep(at)
    await instance.handle(event(key, seconds=at))
    if pushes:
        await asyncio.sleep(_TASK_SECONDS + _DELIVERY_SECONDS)
        (action,) = document(shelf, key).actions
        await instance.handle(cdn_event(*action.task_ids))


def _late(record: ChangeRecord) -> float:
    assert record.closed_at is not None  # noqa: S101 -- its task was over two timers ago
    assert record.report is not None  # noqa: S101 -- it was closed by one
    (task,) = record.report.tasks
    assert task.created_at is not None  # noqa: S101 -- the emulator tells it
    over = datetime.fromisoformat(task.created_at) + timedelta(seconds=_TASK_SECONDS)
    return (record.closed_at - over).total_seconds()
