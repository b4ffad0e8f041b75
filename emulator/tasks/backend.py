"""The state of the emulated account: tasks, by product and id, and what reads and submits do to them."""

from __future__ import annotations

import itertools
from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from threading import RLock
from typing import Any

from emulator.core.accounts import DEFAULT_ACCOUNT
from emulator.core.clock import Clock
from emulator.tasks.records import TaskIdentity, TaskRecord, TaskView
from emulator.tasks.selection import Page, Selection, domain_of, page_of
from emulator.tasks.transition import COMPLETE, Row, Transition

WINDOW_SECONDS = 3 * 86_400
"""Older tasks are as good as gone (docs/vendor.md 0)."""
FIRST_ID = 40_000_000_001
"""Ids of 11 digits: none of the vendor's samples collides, and no client may take them for 32-bit numbers."""
DEFAULT_SUBMIT_TRANSITION = Transition(by="seconds", length=20.0)
UNFINISHED = frozenset({"Pending", "Refreshing"})


class TaskBackend:
    """Tasks and how they move. Every method is thread-safe; the public attributes may be set at any time.

    `submit_transition`: what tasks made by submit operations do. `pull_triggered`: a read answers with the state found
    at the previous read (docs/vendor.md 1.2). `own_domains`: the account's domains, None for all. `end_time_inclusive`:
    whether a list's EndTime is part of the range, which the vendor does not say.
    """

    def __init__(self, clock: Clock) -> None:
        """Empty."""
        self._clock = clock
        self._lock = RLock()
        self.clear()

    def clear(self) -> None:
        """No tasks, and the attributes as at the start."""
        with self._lock:
            self.submit_transition = DEFAULT_SUBMIT_TRANSITION
            self.pull_triggered = False
            self.own_domains: frozenset[str] | None = None
            self.end_time_inclusive = False
            self._records: dict[tuple[str, str], TaskRecord] = {}
            self._by_age: defaultdict[str, list[TaskRecord]] = defaultdict(list)
            self._merging: dict[tuple[str, str, str, str], TaskRecord] = {}
            self._documents: defaultdict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
            self._ids = itertools.count(FIRST_ID)
            self._sequence = itertools.count()

    # What tests and the control API do.

    def add(  # noqa: PLR0913 -- a test names the two or three that matter to it
        self,
        product: str,
        rows: Iterable[Row | str],
        *,
        task_id: str | None = None,
        object_type: str = "file",
        created_at: datetime | None = None,
        age: float = 0.0,
        transition: Transition = Transition(),  # noqa: B008 -- frozen
        account: str = DEFAULT_ACCOUNT,
    ) -> str:
        """Add a task and return its TaskId (made up unless given).

        `rows` are URLs or Rows. `object_type` is one of file, directory, regex, preload, block, ...; DCDN's lists say
        `path` for a directory by themselves. `created_at`, or `age` in seconds before now. Raises ValueError for an id
        that the product has already.
        """
        born = created_at.timestamp() if created_at else self._clock.now() - age
        with self._lock:
            new_id = task_id or str(next(self._ids))
            if (product, new_id) in self._records:
                raise ValueError(f"{product} has a task {new_id} already")
            identity = TaskIdentity(product, new_id, account, object_type, born, next(self._sequence))
            self._keep(TaskRecord(identity, _as_rows(rows), transition))
            return new_id

    def add_rows(self, product: str, task_id: str, rows: Iterable[Row | str]) -> None:
        """Give a task more rows. Raises KeyError for a task the product does not have."""
        with self._lock:
            self._records[product, task_id].add_rows(_as_rows(rows))

    def set_row(  # noqa: PLR0913 -- three name the row, three are what may change
        self,
        product: str,
        task_id: str,
        object_path: str,
        *,
        status: str | None = None,
        progress: float | None = None,
        description: str | None = None,
    ) -> None:
        """Fix a row as it is from now on; what is None stays as its end says. Raises KeyError for an unknown one."""
        changes = {"status": status, "progress": progress, "description": description}
        with self._lock:
            self._records[product, task_id].pin(
                object_path, **{name: value for name, value in changes.items() if value is not None}
            )

    def set_transition(self, product: str, task_id: str, transition: Transition) -> None:
        """Let a task move in another way from now on. Raises KeyError."""
        with self._lock:
            self._records[product, task_id].transition = transition

    def remove(self, product: str, task_id: str) -> None:
        """Let a task vanish. Raises KeyError."""
        with self._lock:
            record = self._records.pop((product, task_id))
            self._by_age[product].remove(record)
            self._merging = {key: other for key, other in self._merging.items() if other is not record}

    def get(self, product: str, task_id: str) -> TaskView | None:
        """The task as it is now, whatever its age; None if there is none. Looking is not a read."""
        with self._lock:
            record = self._records.get((product, task_id))
            return record.view(record.position(self._clock.now())) if record else None

    def all(self, product: str) -> tuple[TaskView, ...]:
        """Every task of a product as it is now, newest first, whatever its age. Looking is not a read."""
        with self._lock:
            now = self._clock.now()
            return tuple(record.view(record.position(now)) for record in reversed(self._by_age[product]))

    # What the operations do.

    def documents(self, product: str, kind: str) -> dict[str, Any]:
        """What a product keeps beside its tasks, by its own ids: its jobs, for instance."""
        return self._documents[product, kind]

    def read(self, account: str, product: str, task_ids: Iterable[str]) -> list[TaskView]:
        """The tasks of these ids that exist, are the account's and not too old; newest first. This is a read."""
        with self._lock:
            now = self._clock.now()
            found = [self._records.get((product, task_id)) for task_id in dict.fromkeys(task_ids)]
            records = [record for record in found if record and self._is_shown(record, account, now)]
            records.sort(key=lambda record: record.identity.age_order, reverse=True)
            return [self._read_one(record, now) for record in records]

    def select(self, account: str, product: str, selection: Selection) -> Page:
        """One page of matching rows, newest task first. A read of the tasks that are on the page."""
        with self._lock:
            now = self._clock.now()
            candidates = list(self._candidates(account, product, selection, now))
            page = page_of(candidates, selection)
            # Asking for a task by its id is a read of it even while it is hidden.
            touched = candidates if selection.task_id else page.rows
            for record in {id(record): record for record, _ in touched}.values():
                record.touch(now)
            return page

    def submit(self, account: str, product: str, object_type: str, paths: Sequence[str], rows_a_task: int) -> list[str]:
        """Make tasks for `paths` and return their ids.

        Paths of one domain that come within one second share a task until it has `rows_a_task` rows; with 1, each has
        its own (docs/vendor.md 6.1).
        """
        with self._lock:
            tasks = [self._task_for(account, product, object_type, path, rows_a_task) for path in paths]
            return list(dict.fromkeys(tasks))

    def unfinished_rows(self, account: str, product: str, object_type: str) -> int:
        """How many rows of that type are under way or waiting."""
        with self._lock:
            now = self._clock.now()
            return sum(
                row.status in UNFINISHED
                for record in self._by_age[product]
                if record.identity.object_type == object_type and self._is_shown(record, account, now)
                for row in record.views(record.position(now))
            )

    def _task_for(self, account: str, product: str, object_type: str, path: str, rows_a_task: int) -> str:
        key = (account, product, object_type, domain_of(path))
        record = self._merging.get(key)
        now = self._clock.now()
        if record is None or record.identity.created != int(now) or len(record) >= rows_a_task:
            identity = TaskIdentity(product, str(next(self._ids)), account, object_type, now, next(self._sequence))
            record = TaskRecord(identity, [], self.submit_transition)
            self._keep(record)
            self._merging[key] = record
        record.add_rows([Row(path)])
        return record.identity.task_id

    def _keep(self, record: TaskRecord) -> None:
        self._records[record.identity.product, record.identity.task_id] = record
        insort(self._by_age[record.identity.product], record, key=lambda other: other.identity.age_order)

    def _is_shown(self, record: TaskRecord, account: str, now: float) -> bool:
        return record.identity.account == account and record.identity.created >= int(now) - WINDOW_SECONDS

    def _read_one(self, record: TaskRecord, now: float) -> TaskView:
        view = record.view(record.shown_position(now, pull_triggered=self.pull_triggered))
        record.touch(now)
        return view

    def _candidates(
        self, account: str, product: str, selection: Selection, now: float
    ) -> Iterator[tuple[TaskRecord, float]]:
        for record in reversed(self._by_age[product]):
            if record.identity.created < int(now) - WINDOW_SECONDS:
                return
            if record.identity.account == account and selection.wants(record):
                yield record, record.shown_position(now, pull_triggered=self.pull_triggered)


def _as_rows(rows: Iterable[Row | str]) -> list[Row]:
    return [Row(row, COMPLETE) if isinstance(row, str) else row for row in rows]
