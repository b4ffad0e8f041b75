"""How a list is read on, page by page (`Descent`). No call is made here.

How a list goes on depends on its filter:

* Without Status, rows only ever join the list. In a range with a fixed end that pushes others to later pages: page
  numbers show some rows twice and miss none.
* With Status, rows leave the list when they change, and page numbers would skip others (12 of 60 when tried). So it
  goes on by time: the range now ends with the last second reached. At a second too full for a page it is stuck; who
  merges the lists reads that second by itself, without Status.

A task has up to 2,000 rows (docs/vendor.md 6.1): twenty pages and more, at a few pages a second. Where all its rows are
known by id, those pages are leapt over, and the page with its last row proves it or not.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from functions.model import Moment, Row
from functions.products.listing.pages import ListPage
from functions.products.listing.reader import Crowd, Descent, Leap, Place, RowId, Slot, SlotKey, covering

_Spread = dict[int, dict[RowId, Row]]


def read_on(descent: Descent, page: ListPage) -> Descent:
    """The descent with the page that its `call` asked for."""
    place = descent.place
    if place is None:
        return descent
    if descent.leap is not None:
        return _landed(descent, place, descent.leap, page)
    descent = replace(descent, torn=descent.torn or not page.readable, opened=descent.opened or page.asked)
    dated = _dated(page.rows, otherwise=descent.ceiling if place.end is None else place.end)
    seconds = [second for second, _ in dated]
    spread = _spread(descent, dated)
    if not page.more or min(seconds, default=descent.floor) < descent.floor:
        return replace(_closed(descent, spread, page.asked).afresh(), place=None)
    newest = max(seconds, default=descent.ceiling)
    if not spread:  # all of it newer than wanted
        return replace(descent, place=_following(place, newest))
    return _going_on(descent, place, spread, newest, page)


def _going_on(descent: Descent, place: Place, spread: _Spread, newest: int, page: ListPage) -> Descent:
    """After a page that is not the last: its oldest second may have rows on the next."""
    last = min(spread)
    closed = _closed(descent, {second: found for second, found in spread.items() if second > last}, page.asked)
    rows = tuple(spread[last].values())
    if not descent.asks.moves:
        reached = _reached(closed, last, rows, page.asked)
        return replace(reached, place=_following(place, newest), crowd=_crowd(reached, place, page))
    end = covering(last)
    if end < (newest if place.end is None else place.end):
        return replace(_reached(closed, last, rows, page.asked), place=Place(end=end))
    return replace(_reached(closed, last, (), page.asked), place=None, stuck=True)


def _spread(descent: Descent, dated: Iterable[tuple[int, Row]]) -> _Spread:
    """The rows still wanted by second, newest first; a row seen before is replaced in its place."""
    spread: _Spread = {}
    if descent.open:
        spread[descent.ceiling] = {_id(row): row for row in descent.open}
    wanted = (entry for entry in dated if descent.floor <= entry[0] <= descent.ceiling)
    for second, row in sorted(wanted, key=lambda entry: -entry[0]):
        spread.setdefault(second, {})[_id(row)] = row
    return spread


def _closed(descent: Descent, spread: _Spread, asked: Moment) -> Descent:
    """With these seconds as slots, newest first."""
    slots = tuple(_slot(descent, second, tuple(rows.values()), asked) for second, rows in spread.items())
    return replace(descent, slots=descent.slots + slots)


def _slot(descent: Descent, second: int, rows: tuple[Row, ...], asked: Moment, *, cut: bool = False) -> Slot:
    went_on = second == descent.ceiling  # its first rows came with pages before
    part = descent.part if went_on else 0
    return Slot(
        at=SlotKey(second, -part),
        rows=rows,
        whole=descent.asks.shows_whole_tasks and not (descent.torn or part or cut),
        asked=(descent.opened or asked) if went_on else asked,
    )


def _reached(descent: Descent, last: int, rows: tuple[Row, ...], asked: Moment) -> Descent:
    """At second `last`, of which these rows are known so far; parts that are full are cut off."""
    if last != descent.ceiling:
        descent = replace(descent.afresh(), ceiling=last, opened=asked)
    size = descent.measure.part_rows
    while len(rows) >= size:
        cut, rows = rows[:size], rows[size:]
        slot = _slot(descent, last, cut, asked, cut=True)
        descent = replace(
            descent, slots=(*descent.slots, slot), part=descent.part + 1, straddling=_straddling(descent, cut)
        )
    return replace(descent, open=rows)


def _straddling(descent: Descent, cut: tuple[Row, ...]) -> frozenset[RowId]:
    """The rows cut off so far of the task that the cut goes through, if it goes through one."""
    task_id = cut[-1].task_id
    before = {row for row in descent.straddling if row[0] == task_id}
    return frozenset(before | {_id(row) for row in cut if row.task_id == task_id})


def leapt(descent: Descent, rows: tuple[Row, ...]) -> Descent:
    """On the way to the page with the last of `rows`, all that the crowd has in this list; where that is worth a call.

    Without `rows` they are not known, and the second is read page by page.
    """
    place, crowd = descent.place, descent.crowd
    if place is None or crowd is None:
        return descent
    landing = (crowd.start + len(rows) - 1) // descent.measure.page_rows + 1
    if landing <= place.number + 1:
        return replace(descent, crowd=None, walks=not rows)
    gap = (landing - place.number) * descent.measure.page_rows
    leap = Leap(crowd.task_id, rows, gap, place.number)
    return replace(descent, crowd=None, leap=leap, place=replace(place, number=landing))


def _landed(descent: Descent, place: Place, leap: Leap, page: ListPage) -> Descent:
    """After a leap. The pages left out held this task alone if exactly as many of its rows are missing as they have."""
    seen = _seen_of(leap.task_id, descent) + sum(row.task_id == leap.task_id for row in page.rows)
    lands_in_it = bool(page.rows) and page.rows[0].task_id == leap.task_id
    if not lands_in_it or len(leap.rows) - seen != leap.gap:
        return replace(descent, leap=None, walks=True, place=replace(place, number=leap.back))
    others = tuple(row for row in descent.open if row.task_id != leap.task_id)
    uncut = tuple(row for row in leap.rows if _id(row) not in descent.straddling)
    return read_on(replace(descent, leap=None, open=others + uncut), page)


def _crowd(descent: Descent, place: Place, page: ListPage) -> Crowd | None:
    """The task whose rows alone are on this page, if it is to be leapt over."""
    tasks = {row.task_id for row in page.rows}
    if len(tasks) > 1 or descent.walks or len(page.rows) < descent.measure.page_rows:
        return None
    (task_id,) = tasks
    return Crowd(task_id, place.number * descent.measure.page_rows - _seen_of(task_id, descent))


def _seen_of(task_id: str, descent: Descent) -> int:
    """How many rows of a task have been read in the second that is not over."""
    cut = sum(row[0] == task_id for row in descent.straddling)
    return cut + sum(row.task_id == task_id for row in descent.open)


def _following(place: Place, newest: int) -> Place:
    """The next page; from the second page on, the range has a fixed end."""
    end = newest if place.end is None else place.end
    return replace(place, end=end, number=place.number + 1)


def _dated(rows: Iterable[Row], otherwise: int) -> list[tuple[int, Row]]:
    """Rows with their second; one without a readable time is taken for as old as the oldest beside it."""
    rows = tuple(rows)
    oldest = min((int(row.created_at.timestamp()) for row in rows if row.created_at), default=otherwise)
    return [(int(row.created_at.timestamp()) if row.created_at else oldest, row) for row in rows]


def _id(row: Row) -> RowId:
    return (row.task_id, row.object_path, row.object_type)
