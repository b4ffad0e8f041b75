"""How a task moves: from its creation to the end of its rows, at once, by reads, or by seconds.

`by="reads"` is the vendor's "a call triggers the update" (docs/vendor.md 1.2) at its plainest: the first read
shows the task as created, each further read moves it one step.
"""

from __future__ import annotations

from typing import Literal

import msgspec

COMPLETE, REFRESHING, PENDING = "Complete", "Refreshing", "Pending"
FIRST_END = 0.5
"""The share of a transition after which the first of many rows ends; the others follow evenly, the last at the end."""
ALMOST = 99.99
"""Progress stops here until a row is at its end."""


class RowState(msgspec.Struct, frozen=True, rename="camel"):
    """What the vendor says of a row: its word, its figure (None: the empty string), its description."""

    status: str
    progress: float | None
    description: str


class Row(msgspec.Struct, frozen=True, rename="camel"):
    """One URL or directory, and how it ends. A row that ends `Refreshing` never ends."""

    object_path: str
    status: str = COMPLETE
    progress: float | None = 100.0
    description: str = ""

    @property
    def end(self) -> RowState:
        """The state it comes to."""
        return RowState(self.status, self.progress, self.description)


class Transition(msgspec.Struct, frozen=True, rename="camel"):
    """How far a task has come at a position: reads before this one, or seconds since its creation.

    `length`: where the last row ends. `hidden`: before that the task is absent (docs/vendor.md 6.2). `appear`: over
    how much more the rows become visible, one by one. `pending`: the share (0-1) of a row's own way in which it waits.
    """

    by: Literal["immediate", "reads", "seconds"] = "immediate"
    length: float = 0.0
    hidden: float = 0.0
    appear: float = 0.0
    pending: float = 0.1

    def visible(self, position: float, rows: int) -> int:
        """How many of `rows` can be seen."""
        if self.by == "immediate":
            return rows
        if position < self.hidden:
            return 0
        if position >= self.hidden + self.appear:
            return rows
        return min(rows, 1 + int((position - self.hidden) / self.appear * rows))

    def state(self, position: float, row: Row, index: int, rows: int) -> RowState:
        """What row `index` of `rows` says there."""
        if self.by == "immediate":
            return row.end
        start = self.hidden + self.appear * index / rows
        end = max(start, self.length * (FIRST_END + (1 - FIRST_END) * (index + 1) / rows))
        if position >= end:
            return row.end
        moving = start + self.pending * (end - start)
        if position < moving:
            return RowState(PENDING, 0.0, "")
        return RowState(REFRESHING, min(ALMOST, round(100 * (position - moving) / (end - moving), 2)), "")
