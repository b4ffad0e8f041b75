"""One task as the backend keeps it, and the views of it that are handed out."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from emulator.tasks.transition import Row, RowState, Transition


class TaskIdentity(msgspec.Struct, frozen=True):
    """What never changes about a task. `created` in whole epoch seconds (the vendor's resolution); `born` exactly.

    `sequence` puts tasks of one second in order.
    """

    product: str
    task_id: str
    account: str
    object_type: str
    born: float
    sequence: int

    @property
    def created(self) -> int:
        """The second it was created in."""
        return int(self.born)

    @property
    def age_order(self) -> tuple[int, int]:
        """Sorts oldest first."""
        return (self.created, self.sequence)


class RowView(msgspec.Struct, frozen=True, rename="camel"):
    """A row as a read shows it."""

    object_path: str
    status: str
    progress: float | None
    description: str


class TaskView(msgspec.Struct, frozen=True, rename="camel"):
    """A task as a read shows it; `created_at` in whole epoch seconds. Only the rows that are visible."""

    product: str
    task_id: str
    object_type: str
    created_at: int
    rows: tuple[RowView, ...]


class TaskRecord:
    """A task and how far it has come. Not thread-safe: the backend's lock is held by whoever touches it."""

    def __init__(self, identity: TaskIdentity, rows: list[Row], transition: Transition) -> None:
        """At its beginning, never read."""
        self.identity = identity
        self.transition = transition
        self._rows = list(dict.fromkeys(rows))
        self._paths = {row.object_path for row in rows}
        self._pins: dict[str, RowState] = {}
        self._reads = 0
        self._last_read_position = 0.0

    def __len__(self) -> int:
        """How many rows there are, visible or not."""
        return len(self._rows)

    def add_rows(self, rows: list[Row]) -> None:
        """More rows; a path the task already has is not added again."""
        new = [row for row in rows if row.object_path not in self._paths]
        self._rows += new
        self._paths.update(row.object_path for row in new)

    def pin(self, object_path: str, **changes: object) -> None:
        """Fix a row's state from now on. Raises KeyError for a path the task does not have."""
        index = next((index for index, row in enumerate(self._rows) if row.object_path == object_path), None)
        if index is None:
            raise KeyError(object_path)
        now = self._pins.get(object_path, self._rows[index].end)
        self._pins[object_path] = msgspec.structs.replace(now, **changes)

    def position(self, now: float) -> float:
        """How far along its transition it is: reads so far, or seconds since creation."""
        return self._reads if self.transition.by == "reads" else now - self.identity.born

    def shown_position(self, now: float, *, pull_triggered: bool) -> float:
        """The position that a read shows: where it is, or where it was at the read before."""
        return self._last_read_position if pull_triggered else self.position(now)

    def touch(self, now: float) -> None:
        """A read has happened."""
        self._last_read_position = self.position(now)
        self._reads += 1

    def visible(self, position: float) -> int:
        """How many rows can be seen there."""
        return self.transition.visible(position, len(self._rows))

    def views(self, position: float, start: int = 0, stop: int | None = None) -> Iterator[RowView]:
        """The visible rows from `start` to before `stop`, in the order they were submitted."""
        shown = self.visible(position)
        count, state, pins = len(self._rows), self.transition.state, self._pins
        for index in range(start, shown if stop is None else min(stop, shown)):
            row = self._rows[index]
            found = pins.get(row.object_path) or state(position, row, index, count)
            yield RowView(row.object_path, found.status, found.progress, found.description)

    def view(self, position: float) -> TaskView:
        """The task as a read at that position shows it."""
        mine = self.identity
        return TaskView(mine.product, mine.task_id, mine.object_type, mine.created, tuple(self.views(position)))
