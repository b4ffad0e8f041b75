"""Skips the pages that one large task fills. No call is made here.

A task has up to 2,000 rows (docs/vendor.md 6.1): twenty pages and more, at a few pages a second. Where all its rows are
known by id, those pages need not be read; the page with its last row proves that they held this task alone.
"""

from __future__ import annotations

from msgspec.structs import replace

from functions.model import Row
from functions.products.listing.pages import ListPage
from functions.products.listing.reader import LargeTask, ListReader, PageSkip, row_id


def large_task_on(page: ListPage, number: int, reader: ListReader) -> LargeTask | None:
    """The task whose rows alone are on page `number`, which `reader` has read, if further pages are to be skipped."""
    page_rows = reader.sizes.page_rows
    tasks = {row.task_id for row in page.rows}
    if len(tasks) > 1 or not reader.skips_pages or len(page.rows) < page_rows:
        return None
    (task_id,) = tasks
    return LargeTask(task_id, number * page_rows - _rows_read_of(task_id, reader))


def skip_pages(reader: ListReader, rows: tuple[Row, ...]) -> ListReader:
    """On the way to the page with the last of `rows`, all that the large task has in this list; if that saves a call.

    Without `rows` they are not known, and the second is read page by page.
    """
    at, task, page_rows = reader.next_page, reader.large_task, reader.sizes.page_rows
    if at is None or task is None:
        return reader
    last = (task.first_row + len(rows) - 1) // page_rows + 1
    if last <= at.number + 1:
        return replace(reader, large_task=None, skips_pages=bool(rows))
    skip = PageSkip(task.task_id, rows, missing=(last - at.number) * page_rows, back_to=at.number)
    return replace(reader, large_task=None, skip=skip, next_page=replace(at, number=last))


def after_skip(reader: ListReader, page: ListPage) -> ListReader | None:
    """The reader with all rows of the task, if as many are missing as the pages left out have; None if not."""
    skip = reader.skip
    if skip is None or not page.rows or page.rows[0].task_id != skip.task_id:
        return None
    seen = _rows_read_of(skip.task_id, reader) + sum(row.task_id == skip.task_id for row in page.rows)
    if len(skip.rows) - seen != skip.missing:
        return None
    others = tuple(row for row in reader.current if row.task_id != skip.task_id)
    rest = tuple(row for row in skip.rows if row_id(row) not in reader.cut_off)
    return replace(reader, skip=None, current=others + rest)


def without_skip(reader: ListReader) -> ListReader:
    """Back at the first page left out; the second is read page by page."""
    if reader.skip is None or reader.next_page is None:
        return reader
    return replace(
        reader, skip=None, skips_pages=False, next_page=replace(reader.next_page, number=reader.skip.back_to)
    )


def _rows_read_of(task_id: str, reader: ListReader) -> int:
    """How many rows of a task have been read in the second that is being read."""
    cut = sum(row[0] == task_id for row in reader.cut_off)
    return cut + sum(row.task_id == task_id for row in reader.current)
