"""One vendor list on its way down through time, newest first, as values: no call is made here.

A list shows rows, and a second of creation may have its rows on several pages. Only when a page reaches an older
second, or the list ends, are all rows of a second known: it becomes a **slot**, and tasks can be made of it. How a list
goes on depends on its filter:

* Without Status, rows only ever join the list. In a range with a fixed end that pushes others to later pages: page
  numbers show some rows twice and miss none.
* With Status, rows leave the list when they change, and page numbers would skip others (12 of 60 when tried). So it
  goes on by time: the range now ends with the last second reached. At a second too full for a page it is stuck; who
  merges the lists reads that second by itself, without Status.

A second with very many rows is handed on in parts of ten pages, so that a reader can stop in between and go on from
there later, wherever that is. (Should EndTime be part of the vendor's range, who goes on elsewhere meets some rows of
the part before again: nobody documents it. A task may then be listed twice, and still none is missed.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from functions.model import Moment, Row
from functions.products.listing import ListPage, PageCall, VendorFilter

PART_PAGES = 10
_MINUTE = 60
_RowId = tuple[str, str, str]


class SlotKey(msgspec.Struct, frozen=True, order=True):
    """A second of creation, or a part of one: `turn` is 0, then -1, -2, … so that what is taken next is largest."""

    second: int
    turn: int = 0


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """All rows that a list has in a slot. `whole`: no row of these tasks is missing. `asked`: when they were read."""

    at: SlotKey
    rows: tuple[Row, ...]
    whole: bool
    asked: Moment


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The page to be read next, of the range up to `end`; None is the first look, with no range."""

    end: int | None
    number: int = 1


class Descent(msgspec.Struct, frozen=True, kw_only=True):
    """How far one list has been read: slots not yet taken, rows of the second that is not over, and what comes next.

    `floor` and `ceiling` are the oldest and the newest second still wanted; a list without `place` has been read to its
    end, or is `stuck` at its ceiling. `part` counts the parts of the ceiling's second that have been cut off; `torn`:
    there were rows of no task.
    """

    asks: VendorFilter
    part_rows: int
    floor: int
    ceiling: int
    place: Place | None
    slots: tuple[Slot, ...] = ()
    open: tuple[Row, ...] = ()
    opened: Moment | None = None
    part: int = 0
    torn: bool = False
    stuck: bool = False

    @property
    def next_slot(self) -> SlotKey | None:
        """The first slot still to come; where nothing of it has been read, the newest it can be. None at the end."""
        if self.slots:
            return self.slots[0].at
        return SlotKey(self.ceiling, -self.part) if self.place or self.stuck else None

    def call(self) -> PageCall | None:
        """What to ask next; None where nothing is left, or nothing to be had in this way."""
        place = self.place
        if place is None:
            return None
        return PageCall(asks=self.asks, start=self.floor, end=place.end, number=place.number)

    def without_first_slot(self) -> Descent:
        """The first slot has been taken."""
        return replace(self, slots=self.slots[1:])

    def below(self, second: int) -> Descent:
        """Without `second`, which is read in another way; nothing newer is left in it."""
        older = replace(self, slots=tuple(slot for slot in self.slots if slot.at.second < second))
        if self.ceiling != second or not (self.place or self.stuck):
            return older
        place = Place(end=second - 1) if second > self.floor else None
        return replace(older, ceiling=second - 1, place=place, open=(), opened=None, part=0, stuck=False)


def read_on(descent: Descent, page: ListPage) -> Descent:
    """The descent with the page that its `call` asked for."""
    place = descent.place
    if place is None:
        return descent
    descent = replace(descent, torn=descent.torn or not page.readable, opened=descent.opened or page.asked)
    dated = _dated(page.rows, otherwise=descent.ceiling if place.end is None else place.end)
    seconds = [second for second, _ in dated]
    spread = _spread(descent, dated)
    if not page.more or min(seconds, default=descent.floor) < descent.floor:
        return _over(descent, spread, page.asked)
    newest = max(seconds, default=descent.ceiling)
    if not spread:  # all of it newer than wanted
        return replace(descent, place=_following(place, newest))
    last = min(spread)
    closed = _closed(descent, {second: found for second, found in spread.items() if second > last}, page.asked)
    if not descent.asks.moves:
        at_last = _reached(closed, last, tuple(spread[last].values()), page.asked)
        return replace(at_last, place=_following(place, newest))
    if (end := covering(last)) < (newest if place.end is None else place.end):
        return replace(_reached(closed, last, tuple(spread[last].values()), page.asked), place=Place(end=end))
    return replace(_reached(closed, last, (), page.asked), place=None, stuck=True)


def _spread(descent: Descent, dated: Iterable[tuple[int, Row]]) -> dict[int, dict[_RowId, Row]]:
    """The rows still wanted by second, newest first; a row seen before is replaced in its place."""
    spread: dict[int, dict[_RowId, Row]] = {}
    if descent.open:
        spread[descent.ceiling] = {_id(row): row for row in descent.open}
    wanted = (entry for entry in dated if descent.floor <= entry[0] <= descent.ceiling)
    for second, row in sorted(wanted, key=lambda entry: -entry[0]):
        spread.setdefault(second, {})[_id(row)] = row
    return spread


def _closed(descent: Descent, spread: Mapping[int, Mapping[_RowId, Row]], asked: Moment) -> Descent:
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
        descent = replace(descent, ceiling=last, part=0, opened=asked)
    while len(rows) >= descent.part_rows:
        cut, rows = rows[: descent.part_rows], rows[descent.part_rows :]
        slot = _slot(descent, last, cut, asked, cut=True)
        descent = replace(descent, slots=(*descent.slots, slot), part=descent.part + 1)
    return replace(descent, open=rows)


def _over(descent: Descent, spread: Mapping[int, Mapping[_RowId, Row]], asked: Moment) -> Descent:
    """The range has been read to its end."""
    return replace(_closed(descent, spread, asked), place=None, open=(), opened=None, part=0)


def begin(asks: VendorFilter, *, part_rows: int, floor: int, ceiling: int, is_open: bool = False) -> Descent:
    """A list from `ceiling` down to `floor`; `is_open` when the ceiling is now, and no end need be named at first."""
    place = Place(end=None if is_open else covering(ceiling)) if floor <= ceiling else None
    return Descent(asks=asks, part_rows=part_rows, floor=floor, ceiling=ceiling, place=place)


def alone(asks: VendorFilter, second: int, *, part_rows: int, part: int = 0) -> Descent:
    """The list of a single second, from a part of it on: a part is so many pages of this list."""
    every_state = replace(asks, status=None)
    place = Place(end=second, number=part * PART_PAGES + 1)
    return Descent(asks=every_state, part_rows=part_rows, floor=second, ceiling=second, place=place, part=part)


def covering(second: int) -> int:
    """The end of a range that has all of `second`, also where a product writes whole minutes (facts 1.4)."""
    return second + _MINUTE - 1 if second % _MINUTE == 0 else second


def _following(place: Place, newest: int) -> Place:
    """The next page; from the second page on, the range has a fixed end."""
    end = newest if place.end is None else place.end
    return replace(place, end=end, number=place.number + 1)


def _dated(rows: Iterable[Row], otherwise: int) -> list[tuple[int, Row]]:
    """Rows with their second; one without a readable time is taken for as old as the oldest beside it."""
    rows = tuple(rows)
    oldest = min((int(row.created_at.timestamp()) for row in rows if row.created_at), default=otherwise)
    return [(int(row.created_at.timestamp()) if row.created_at else oldest, row) for row in rows]


def _id(row: Row) -> _RowId:
    return (row.task_id, row.object_path, row.object_type)
