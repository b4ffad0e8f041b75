"""Reports as JSON, and what changed between two: work on a task that many reports share is done once.

Clients who ask for the same ids in orders of their own get reports of their own, made of the same tasks.
"""

from __future__ import annotations

import msgspec
from cachetools import LRUCache
from msgspec.structs import replace

from functions.tasks.report import Task, TaskReport

_KEPT_BYTES = 8 * 1024 * 1024
_KEPT_COMPARISONS = 16
_TASKS = b'"tasks":['
_NO_TASKS = _TASKS + b"]"

_Tasks = tuple[Task, ...]


class ReportEncoder:
    """Encodes reports, each of their tasks once."""

    def __init__(self) -> None:
        """What is kept is bounded in bytes. It holds the tasks too, so that no other object takes over their id()."""
        self._encoded: dict[int, tuple[Task, bytes]] = {}
        self._bytes = 0

    def encode(self, report: TaskReport, before: bytes = b"", after: bytes = b"") -> bytes:
        """JSON, between what else is to be sent with it: a large report is copied once."""
        head, _, tail = msgspec.json.encode(replace(report, tasks=())).partition(_NO_TASKS)
        parts = [before, head, _TASKS]
        for task in report.tasks:
            parts += self._task(task), b","
        parts[-1] = parts[-1].removesuffix(b",")
        return b"".join((*parts, b"]", tail, after))

    def _task(self, task: Task) -> bytes:
        kept = self._encoded.get(id(task))
        if kept is not None:
            return kept[1]
        encoded = msgspec.json.encode(task)
        if self._bytes >= _KEPT_BYTES:  # tasks that are still shown come back at once; a plain dict is the fastest
            self._encoded, self._bytes = {}, 0
        self._encoded[id(task)] = (task, encoded)
        self._bytes += len(encoded)
        return encoded


class Comparison:
    """Finds the tasks that changed, once for all reports that show the same tasks."""

    def __init__(self) -> None:
        """It holds the tasks compared, so that no other objects take over their id()."""
        self._kept: LRUCache[object, tuple[_Tasks, _Tasks, frozenset[int]]] = LRUCache(_KEPT_COMPARISONS)

    def changed(self, before: _Tasks, after: _Tasks) -> _Tasks:
        """Those of `after` that are not in `before`, or not with this content."""
        key = (frozenset(map(id, before)), frozenset(map(id, after)))
        kept = self._kept.get(key)
        if kept is None:
            known = {task.id: _content(task) for task in before}
            differing = frozenset(id(task) for task in after if known.get(task.id) != _content(task))
            kept = self._kept[key] = (before, after, differing)
        return tuple(task for task in after if id(task) in kept[2])


def _content(task: Task) -> Task:
    """A task without the time at which it was checked: that alone is no change."""
    return replace(task, checked_at="")
