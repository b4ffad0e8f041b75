"""One answer for callers who ask for the same ids in orders of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from functions.tasks.query import RequestedId
from functions.tasks.report import Task, TaskReport
from functions.tasks.results import LookupAnswer


class Orders:
    """One answer in any order that its ids are asked in; the same order gives the same object."""

    def __init__(self, answer: LookupAnswer) -> None:
        """`answer` is that of a lookup of all these ids."""
        self._answer = answer
        self._tasks: defaultdict[str, list[Task]] = defaultdict(list)
        for task in answer.report.tasks:
            self._tasks[task.task_id].append(task)
            self._tasks[task.id].append(task)
        self._ordered: dict[Sequence[RequestedId], LookupAnswer] = {}

    def of(self, ids: tuple[RequestedId, ...]) -> LookupAnswer:
        """The answer with tasks and ids in the order of `ids`: all of them, each once."""
        if ids not in self._ordered:
            self._ordered[ids] = msgspec.structs.replace(self._answer, report=self._in_order(ids))
        return self._ordered[ids]

    def _in_order(self, ids: Sequence[RequestedId]) -> TaskReport:
        report = self._answer.report
        texts = list(map(str, ids))
        tasks = {id(task): task for text in texts for task in self._tasks.get(text, ())}
        place = {text: number for number, text in enumerate(texts)} if report.not_found or report.undecided else {}
        return msgspec.structs.replace(
            report,
            tasks=tuple(tasks.values()),
            not_found=tuple(sorted(report.not_found, key=lambda entry: place[entry.id])),
            undecided=tuple(sorted(report.undecided, key=lambda entry: place[entry.id])),
        )
