"""The state of reading one vendor list, newest row first, as a value. No call is made here.

A list shows rows, and the rows of one second of creation may lie on several pages. Only when a page reaches an older
second, or the list ends, are all rows of a second known: they become a **group**, and tasks can be made of them.

A second with very many rows is handed on in parts of some pages each, so that reading can stop in between and go on
later from there, on any instance. (Should EndTime be part of the vendor's range, another instance meets some rows of
the part before again: nobody documents it. A task may then be listed twice, and still none is missed.)
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from functions.model import Moment, Row
from functions.products.listing.pages import PageCall, VendorFilter

_MINUTE = 60
_NEVER_CUT = 1_000_000

RowId = tuple[str, str, str]
"""TaskId, URL and type: what tells rows apart."""


def row_id(row: Row) -> RowId:
    """What a row is told apart by."""
    return (row.task_id, row.object_path, row.object_type)


class PageSizes(msgspec.Struct, frozen=True):
    """How many rows a page of the list shows, and how many pages make a part of a second."""

    page_rows: int
    part_pages: int = _NEVER_CUT

    @property
    def part_rows(self) -> int:
        """Rows of a part."""
        return self.page_rows * self.part_pages


class Position(msgspec.Struct, frozen=True, order=True):
    """A second of creation, or a part of one: `part` is 0, then -1, -2, … so that what comes next is largest."""

    second: int
    part: int = 0


class RowGroup(msgspec.Struct, frozen=True, kw_only=True):
    """All rows a list has at a position. `whole`: no row of these tasks is missing. `asked`: when they were read."""

    position: Position
    rows: tuple[Row, ...]
    whole: bool
    asked: Moment


class NextPage(msgspec.Struct, frozen=True, kw_only=True):
    """The page to read next, of the range up to `end`; None is the newest range there is, asked without times."""

    end: int | None
    number: int = 1


class ListChoice(msgspec.Struct, frozen=True):
    """A list to read, or the `narrower` ones that together show the same rows where that takes fewer calls."""

    asks: VendorFilter
    narrower: tuple[ListChoice, ...] = ()

    @property
    def narrowest(self) -> tuple[VendorFilter, ...]:
        """The lists it can come down to."""
        return tuple(asks for choice in self.narrower for asks in choice.narrowest) or (self.asks,)


class LargeTask(msgspec.Struct, frozen=True):
    """A task that fills whole pages: its first row is number `first_row` of the range, counted from 0."""

    task_id: str
    first_row: int


class PageSkip(msgspec.Struct, frozen=True):
    """Pages left out because one task is thought to fill them; the page with its last row proves it or not.

    `rows` are all of the task in this list, `missing` how many lie on the pages left out, `back_to` is the first page.
    """

    task_id: str
    rows: tuple[Row, ...]
    missing: int
    back_to: int


class ListReader(msgspec.Struct, frozen=True, kw_only=True):
    """How far one list has been read.

    `newest` is the second being read, `oldest` the last one wanted. `groups` are complete and not yet taken; `current`
    are the rows known of the second being read, without the `part`s of it that were cut off. `cut_off` are the rows of
    the task that the last cut went through. `reliable` is False once rows were seen that cannot be placed: then tasks
    may lack some. `overfull`: the second has too many rows for a list that goes on by time, and is not read here.
    """

    asks: VendorFilter
    sizes: PageSizes
    oldest: int
    newest: int
    next_page: NextPage | None
    narrower: tuple[ListChoice, ...] = ()
    groups: tuple[RowGroup, ...] = ()
    current: tuple[Row, ...] = ()
    current_asked: Moment | None = None
    part: int = 0
    cut_off: frozenset[RowId] = frozenset()
    previous_page: frozenset[RowId] = frozenset()
    reliable: bool = True
    overfull: bool = False
    large_task: LargeTask | None = None
    skip: PageSkip | None = None
    skips_pages: bool = True

    @property
    def next_position(self) -> Position | None:
        """Of the first group still to come, or the newest that it can have; None at the end."""
        if self.groups:
            return self.groups[0].position
        return Position(self.newest, -self.part) if self.next_page or self.overfull else None

    def next_calls(self, count: int = 1) -> list[PageCall]:
        """What to ask next; more than one call only where the range has a fixed end. Empty where nothing is left."""
        page = self.next_page
        if page is None:
            return []
        numbers = range(page.number, page.number + count)
        return [PageCall(asks=self.asks, start=self.oldest, end=page.end, number=number) for number in numbers]

    def without_first_group(self) -> ListReader:
        """The first group has been taken."""
        return replace(self, groups=self.groups[1:])

    def older_than(self, second: int) -> ListReader:
        """Without `second`, which is read in another way; nothing newer is left."""
        older = replace(self, groups=tuple(group for group in self.groups if group.position.second < second))
        if self.newest != second or not (self.next_page or self.overfull):
            return older
        page = NextPage(end=second - 1) if second > self.oldest else None
        return replace(older.at_second(second - 1), next_page=page)

    def down_to(self, oldest: int) -> ListReader:
        """Without what is older than `oldest`."""
        kept = tuple(group for group in self.groups if group.position.second >= oldest)
        shorter = replace(self, oldest=oldest, groups=kept)
        return shorter if self.newest >= oldest else replace(shorter.at_second(self.newest), next_page=None)

    def at_second(self, second: int) -> ListReader:
        """At the beginning of a second: nothing of it has been read."""
        return replace(
            self,
            newest=second,
            current=(),
            current_asked=None,
            part=0,
            cut_off=frozenset(),
            overfull=False,
            large_task=None,
            skip=None,
            skips_pages=True,
        )

    def narrowed(self) -> tuple[ListReader, ...]:
        """What takes the place of this list from the second being read on; its groups are kept."""
        page = self.next_page
        if page and page.number > 1:
            page = NextPage(end=end_including(self.newest))
        rest = (start_reading(each, self.sizes, self.oldest, self.newest, page) for each in self.narrower)
        done = replace(self.at_second(self.newest), next_page=None, narrower=())
        return (*((done,) if self.groups else ()), *rest)


def start_reading(
    choice: ListChoice, sizes: PageSizes, oldest: int, newest: int, page: NextPage | None = None
) -> ListReader:
    """The reader of a list from second `newest` down to `oldest`, at `page` if it is given."""
    page = (page or NextPage(end=end_including(newest))) if oldest <= newest else None
    return ListReader(
        asks=choice.asks, narrower=choice.narrower, sizes=sizes, oldest=oldest, newest=newest, next_page=page
    )


def read_second(asks: VendorFilter, second: int, sizes: PageSizes, part: int = 0) -> ListReader:
    """The reader of a single second, in every state, from a part of it on: a part is so many pages of this list."""
    page = NextPage(end=second, number=part * sizes.part_pages + 1)
    reader = start_reading(ListChoice(replace(asks, status=None)), sizes, second, second, page)
    return replace(reader, part=part)


def end_including(second: int) -> int:
    """The end of a range that has all of `second`, also where a product writes whole minutes (docs/vendor.md 1.4)."""
    return second + _MINUTE - 1 if second % _MINUTE == 0 else second
