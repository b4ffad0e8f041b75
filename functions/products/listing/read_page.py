"""The step of a `ListReader` from one page to the next. No call is made here.

How a list goes on depends on its filter:

* Without Status, rows only ever join the list. In a range with a fixed end that pushes others to later pages: page
  numbers show some rows twice and miss none.
* With Status, rows leave the list when they change, and page numbers would skip others (docs/vendor.md 6.14). So it
  goes on by time: the range now ends with the last second reached. Where one second fills a page it cannot go on: that
  second is `overfull`, and whoever merges the lists reads it by itself, without Status.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from functions.model import Moment, Row
from functions.products.listing.large_tasks import after_skip, large_task_on, without_skip
from functions.products.listing.pages import ListPage
from functions.products.listing.reader import (
    ListReader,
    NextPage,
    Position,
    RowGroup,
    RowId,
    end_including,
    row_id,
)

_RowsBySecond = dict[int, dict[RowId, Row]]


def read_page(reader: ListReader, page: ListPage) -> ListReader:
    """The reader with the page that its next call asked for."""
    if reader.next_page is None:
        return reader
    if reader.skip is not None:
        proven = after_skip(reader, page)
        if proven is None:
            return without_skip(reader)
        reader = proven
    dated = _dated(page.rows, otherwise=reader.newest)
    reader = replace(
        reader,
        reliable=reader.reliable and page.readable and _in_order(reader, page, dated),
        current_asked=reader.current_asked or page.asked,
        previous_page=frozenset(map(row_id, page.rows)),
    )
    return _with_rows(reader, reader.next_page or NextPage(end=None), page, dated)


def _with_rows(reader: ListReader, at: NextPage, page: ListPage, dated: list[tuple[int, Row]]) -> ListReader:
    seconds = [second for second, _ in dated]
    found = _by_second(reader, dated)
    if not page.more or min(seconds, default=reader.oldest) < reader.oldest:
        ended = _with_groups(reader, found, page.asked)
        return replace(ended.at_second(reader.newest), next_page=None)
    newest = max(seconds, default=reader.newest)
    if not found:  # all of it newer than wanted
        return replace(reader, next_page=_following(at, newest))
    last = min(found)
    rows = tuple(found.pop(last).values())
    reader = _with_groups(reader, found, page.asked)
    if reader.asks.status is None:
        reader = _with_current(reader, last, rows, page.asked)
        return replace(reader, next_page=_following(at, newest), large_task=large_task_on(page, at.number, reader))
    end = end_including(last)
    if end < (newest if at.end is None else at.end):
        return replace(_with_current(reader, last, rows, page.asked), next_page=NextPage(end=end))
    return replace(_with_current(reader, last, (), page.asked), next_page=None, overfull=True)


def _by_second(reader: ListReader, dated: Iterable[tuple[int, Row]]) -> _RowsBySecond:
    """The rows still wanted by second, newest first; a row seen before is replaced in its place."""
    found: _RowsBySecond = {}
    if reader.current:
        found[reader.newest] = {row_id(row): row for row in reader.current}
    wanted = (entry for entry in dated if reader.oldest <= entry[0] <= reader.newest)
    for second, row in sorted(wanted, key=lambda entry: -entry[0]):
        found.setdefault(second, {})[row_id(row)] = row
    return found


def _with_groups(reader: ListReader, found: _RowsBySecond, asked: Moment) -> ListReader:
    groups = tuple(_group(reader, second, tuple(rows.values()), asked) for second, rows in found.items())
    return replace(reader, groups=reader.groups + groups)


def _group(reader: ListReader, second: int, rows: tuple[Row, ...], asked: Moment, *, cut: bool = False) -> RowGroup:
    begun_before = second == reader.newest  # its first rows came with earlier pages
    part = reader.part if begun_before else 0
    return RowGroup(
        position=Position(second, -part),
        rows=rows,
        whole=reader.asks.shows_whole_tasks and reader.reliable and not (part or cut),
        asked=(reader.current_asked or asked) if begun_before else asked,
    )


def _with_current(reader: ListReader, second: int, rows: tuple[Row, ...], asked: Moment) -> ListReader:
    """At `second`, of which these rows are known so far; parts that are full are cut off."""
    if second != reader.newest:
        reader = replace(reader.at_second(second), current_asked=asked)
    size = reader.sizes.part_rows
    while len(rows) >= size:
        cut, rows = rows[:size], rows[size:]
        group = _group(reader, second, cut, asked, cut=True)
        reader = replace(
            reader, groups=(*reader.groups, group), part=reader.part + 1, cut_off=_rows_of_cut_task(reader, cut)
        )
    return replace(reader, current=rows)


def _rows_of_cut_task(reader: ListReader, cut: tuple[Row, ...]) -> frozenset[RowId]:
    """The rows cut off so far of the task that the cut goes through, if it goes through one."""
    task_id = cut[-1].task_id
    before = {row for row in reader.cut_off if row[0] == task_id}
    return frozenset(before | {row_id(row) for row in cut if row.task_id == task_id})


def _following(at: NextPage, newest: int) -> NextPage:
    """The next page; from the second page on, the range has a fixed end."""
    return NextPage(end=newest if at.end is None else at.end, number=at.number + 1)


def _dated(rows: Iterable[Row], otherwise: int) -> list[tuple[int, Row]]:
    """Rows with their second; one without a readable time is taken for as old as the oldest beside it."""
    rows = tuple(rows)
    oldest = min((int(row.created_at.timestamp()) for row in rows if row.created_at), default=otherwise)
    return [(int(row.created_at.timestamp()) if row.created_at else oldest, row) for row in rows]


def _in_order(reader: ListReader, page: ListPage, dated: list[tuple[int, Row]]) -> bool:
    """Whether each row can be placed: it has a time, and follows the page before or was on it (docs/vendor.md 1.2)."""
    goes_on = reader.next_page is not None and reader.next_page.number > 1 and bool(reader.current or reader.part)
    late = (row for second, row in dated if goes_on and second > reader.newest)
    return all(row.created_at for row in page.rows) and all(row_id(row) in reader.previous_page for row in late)
