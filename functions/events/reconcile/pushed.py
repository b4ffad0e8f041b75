"""Which open changes the timer may pass over for a while, because CDN says when their tasks are over.

Only the number of calls depends on it: every fifth minute the timer looks at everything, so an event that is lost, or
is never sent for a task that failed (docs/function-compute.md 5.9), delays a change by five minutes at most.
"""

from __future__ import annotations

from collections.abc import Collection

from cachetools import LRUCache

from functions.events.change import Action, ChangeRecord
from functions.events.parsing.events import TaskCompletion
from functions.model import Clock, Moment, TaskKey
from functions.urls import host_of

PUSHING_SECONDS = 600.0
"""So long after its last event a trigger counts as being there."""
FULL_SWEEP_SECONDS = 270.0
"""Every fifth sweep of a timer that calls each minute, however exactly it does."""
_MOST_SOURCES = 1_000
_MOST_TASKS = 20_000


class PushedCompletions:
    """What CDN told this instance lately; another instance knows only what it was told itself."""

    def __init__(self, clock: Clock) -> None:
        """Nothing was told yet."""
        self._clock = clock
        self._last_told: LRUCache[tuple[str, str, str | None], Moment] = LRUCache(_MOST_SOURCES)
        self._told_of: LRUCache[TaskKey, bool] = LRUCache(_MOST_TASKS)
        self._swept_fully: Moment | None = None

    def note(self, completions: Collection[TaskCompletion]) -> None:
        """CDN said this now."""
        now = self._clock.now()
        for each in completions:
            self._last_told[each.product, each.action, each.domain] = now
            self._told_of[TaskKey(each.product, each.task_id)] = True

    def is_full_sweep_due(self) -> bool:
        """Whether the timer must look at everything."""
        return self._seconds_since(self._swept_fully) >= FULL_SWEEP_SECONDS

    def note_full_sweep(self) -> None:
        """The timer has looked at everything."""
        self._swept_fully = self._clock.now()

    def awaits(self, record: ChangeRecord) -> bool:
        """Whether all that may happen next to an open change is that CDN says that tasks of it are over."""
        unfinished = [action for action in record.actions if not action.finished]
        return record.closed_at is None and bool(unfinished) and all(self._awaits(record, each) for each in unfinished)

    def _awaits(self, record: ChangeRecord, action: Action) -> bool:
        if not action.task_ids:  # a preload follows its refreshes, which are looked at themselves
            return any(not each.finished for each in record.refreshes_before(action))
        # Of what was told already nothing more will come, whatever the vendor answered then.
        told = any(TaskKey(action.product, task_id) in self._told_of for task_id in action.task_ids)
        source = (action.product, action.kind.value, host_of(action.object_path))
        return not told and self._seconds_since(self._last_told.get(source)) < PUSHING_SECONDS

    def _seconds_since(self, moment: Moment | None) -> float:
        return float("inf") if moment is None else moment.age_at(self._clock.now())
