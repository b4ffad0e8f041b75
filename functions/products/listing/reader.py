"""One vendor list on its way down through time, newest first, as a value: where it is, and what has been read of it.

A list shows rows, and a second of creation may have its rows on several pages. Only when a page reaches an older
second, or the list ends, are all rows of a second known: it becomes a **slot**, and tasks can be made of it.

A second with very many rows is handed on in parts of some pages, so that a reader can stop in between and go on from
there later, wherever that is. (Should EndTime be part of the vendor's range, who goes on elsewhere meets some rows of
the part before again: nobody documents it. A task may then be listed twice, and still none is missed.)
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from functions.model import Moment, Row
from functions.products.listing.pages import PageCall, VendorFilter

_MINUTE = 60


RowId = tuple[str, str, str]
"""TaskId, URL and type: what tells rows apart."""


class Measure(msgspec.Struct, frozen=True):
    """How many rows a page of the list shows, and how many pages make a part of a second."""

    page_rows: int
    part_pages: int

    @property
    def part_rows(self) -> int:
        """Rows of a part."""
        return self.page_rows * self.part_pages


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


class Look(msgspec.Struct, frozen=True):
    """A list to be read; where it does not end on its first page, `narrower` ones take its place from there on.

    Where few tasks are there, or many match, the wide look is all it takes; where not, it has cost one call.
    """

    asks: VendorFilter
    narrower: tuple[Look, ...] = ()

    @property
    def leaves(self) -> tuple[VendorFilter, ...]:
        """The lists that it comes down to."""
        return tuple(asks for look in self.narrower for asks in look.leaves) or (self.asks,)


class Crowd(msgspec.Struct, frozen=True):
    """A task that fills whole pages: its first row was row number `start` of the range, counted from 0."""

    task_id: str
    start: int


class Leap(msgspec.Struct, frozen=True):
    """Over the pages that a task is thought to fill, to the one with its last row.

    `rows` are all of the task in this list, `gap` how many lie on the pages left out, `back` is the first of those.
    """

    task_id: str
    rows: tuple[Row, ...]
    gap: int
    back: int


class Descent(msgspec.Struct, frozen=True, kw_only=True):
    """How far one list has been read: slots not yet taken, rows of the second that is not over, and what comes next.

    `floor` and `ceiling` are the oldest and the newest second still wanted; a list without `place` has been read to its
    end, or is `stuck` at its ceiling. `part` counts the parts of the ceiling's second that have been cut off; `torn`:
    there were rows of no task. A `crowd` can be leapt over; a second that `walks` is read page by page. `narrower` are
    the looks that take its place after a page, `straddling` the rows already cut off of the task a part ended with.
    """

    asks: VendorFilter
    measure: Measure
    floor: int
    ceiling: int
    place: Place | None
    slots: tuple[Slot, ...] = ()
    open: tuple[Row, ...] = ()
    opened: Moment | None = None
    part: int = 0
    torn: bool = False
    stuck: bool = False
    crowd: Crowd | None = None
    leap: Leap | None = None
    walks: bool = False
    narrower: tuple[Look, ...] = ()
    straddling: frozenset[RowId] = frozenset()

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
        return replace(older.afresh(), ceiling=second - 1, place=place)

    def afresh(self) -> Descent:
        """At the beginning of a second: nothing of it has been read."""
        return replace(
            self,
            open=(),
            opened=None,
            part=0,
            stuck=False,
            crowd=None,
            leap=None,
            walks=False,
            straddling=frozenset(),
        )


def begin(look: Look, *, measure: Measure, floor: int, ceiling: int, is_open: bool = False) -> Descent:
    """A look from `ceiling` down to `floor`; `is_open` when the ceiling is now, and no end need be named at first."""
    place = Place(end=None if is_open else covering(ceiling)) if floor <= ceiling else None
    return Descent(asks=look.asks, measure=measure, floor=floor, ceiling=ceiling, place=place, narrower=look.narrower)


def narrowed(wide: Descent, ceiling: int, place: Place | None) -> tuple[Descent, ...]:
    """What takes the place of a wide look, from `ceiling` down."""
    return tuple(
        Descent(
            asks=look.asks,
            measure=wide.measure,
            floor=wide.floor,
            ceiling=ceiling,
            place=place,
            narrower=look.narrower,
        )
        for look in wide.narrower
    )


def alone(asks: VendorFilter, second: int, *, measure: Measure, part: int = 0) -> Descent:
    """The list of a single second, from a part of it on: a part is so many pages of this list."""
    every_state = replace(asks, status=None)
    place = Place(end=second, number=part * measure.part_pages + 1)
    return Descent(asks=every_state, measure=measure, floor=second, ceiling=second, place=place, part=part)


def covering(second: int) -> int:
    """The end of a range that has all of `second`, also where a product writes whole minutes (docs/vendor.md 1.4)."""
    return second + _MINUTE - 1 if second % _MINUTE == 0 else second
