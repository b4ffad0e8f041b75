"""Rows as the vendor's JSON has them. What differs between operations is a RowFormat."""

from __future__ import annotations

import msgspec

from emulator.core.clock import rfc3339
from emulator.tasks.records import RowView, TaskView

JsonRow = dict[str, str]


class RowFormat(msgspec.Struct, frozen=True):
    """`percent` follows the figure; `directory` is the word for one; an empty description is there or left out."""

    percent: str = "%"
    directory: str = "directory"
    empty_description: bool = True

    def row(self, task: JsonRow, row: RowView) -> JsonRow:
        """One row; `task` is what all rows of its task share."""
        figure = "" if row.progress is None else f"{row.progress:.2f}".rstrip("0").rstrip(".") + self.percent
        description = {"Description": row.description} if row.description or self.empty_description else {}
        return {**task, "ObjectPath": row.object_path, "Status": row.status, "Process": figure, **description}

    def task(self, task_id: str, object_type: str, created: int) -> JsonRow:
        """What all rows of a task share."""
        word = self.directory if object_type == "directory" else object_type
        return {"TaskId": task_id, "ObjectType": word, "CreationTime": rfc3339(created)}

    def rows_of(self, task: TaskView) -> list[JsonRow]:
        """Every row of a task."""
        shared = self.task(task.task_id, task.object_type, task.created_at)
        return [self.row(shared, row) for row in task.rows]
