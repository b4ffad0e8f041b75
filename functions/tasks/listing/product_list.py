"""One product's part of a list, as a value: its vendor lists, merged second by second into tasks, newest first."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from functions.model import Moment, Row, TaskKey
from functions.products.listing.large_tasks import skip_pages
from functions.products.listing.pages import EVERY_ROW, ListPage, PageCall, VendorFilter
from functions.products.listing.read_page import read_page
from functions.products.listing.reader import ListReader, PageSizes, Position, RowGroup, read_second, row_id
from functions.tasks.listing.cursor import Cursor
from functions.tasks.listing.row_filter import RowFilter
from functions.urls import host_of, is_within


class ListedCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A task that is listed, with the rows that were seen of it: all it has if `whole`."""

    key: TaskKey
    rows: tuple[Row, ...]
    whole: bool
    asked: Moment


class ProductList(msgspec.Struct, frozen=True, kw_only=True):
    """How far a product's lists have been read and taken.

    `taken` is the last position taken in part. `listed` are the tasks listed with earlier parts of the second that
    `next_position` lies in, `continued` those that the last of these parts ended with: where a task has rows in two
    parts, they follow each other. `unfiltered_second` is a second that is read by itself, without Status.
    """

    product: str
    readers: tuple[ListReader, ...]
    taken: Cursor | None = None
    listed: frozenset[str] = frozenset()
    continued: tuple[str, ...] = ()
    unfiltered_second: int | None = None

    @property
    def next_position(self) -> Position | None:
        """The newest position that may still hold tasks; None at the end."""
        return max((at for reader in self.readers if (at := reader.next_position)), default=None)

    @property
    def cursor(self) -> Cursor | None:
        """Where to go on from, in few bytes; None at the end."""
        at = self.next_position
        if at is None:
            return None
        return Cursor(
            second=at.second,
            part=at.part,
            after=self._taken_down_to(at),
            listed=self.continued if at.part else (),
            unfiltered=at.second == self.unfiltered_second,
        )

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return sum(
            len(reader.current)
            + sum(len(group.rows) for group in reader.groups)
            + (len(reader.skip.rows) if reader.skip else 0)
            for reader in self.readers
        )

    def calls(self, at: Position) -> dict[int, PageCall]:
        """What must be read before position `at` is known, by the number of the reader."""
        return {number: call for number, reader in self._unread(at) for call in reader.next_calls()}

    def large_tasks(self, at: Position) -> dict[int, str]:
        """The tasks that fill pages at position `at`, by the number of the reader that comes to them."""
        return {number: reader.large_task.task_id for number, reader in self._unread(at) if reader.large_task}

    def skipping(self, number: int, rows: Iterable[Row]) -> ProductList:
        """Reader `number` skips the pages of its large task, which has these rows; without any they are not known."""
        reader = self.readers[number]
        return self._replacing(number, skip_pages(reader, tuple(row for row in rows if _shows(reader.asks, row))))

    def with_page(self, number: int, page: ListPage, row_filter: RowFilter) -> ProductList:
        """With the page that reader `number` had to read; narrower lists take its place where that is cheaper."""
        before = self.readers[number]
        after = read_page(before, page)
        if before.narrower and not before.part:  # nothing of this second has been taken yet
            if before.asks.domain_name is None and not all(map(row_filter.can_judge, page.rows)):
                return self._replacing(number, *before.narrowed())
            if after.next_page and not _is_cheaper_than_narrower(after, page):
                return self._replacing(number, *after.narrowed())
        return self._replacing(number, after)

    def narrowed(self, number: int) -> ProductList:
        """With the narrower lists in place of reader `number`."""
        return self._replacing(number, *self.readers[number].narrowed())

    def without(self, number: int) -> ProductList:
        """The vendor has no such list, hence no such rows."""
        return self._replacing(number)

    def in_every_state(self, number: int) -> ProductList:
        """The vendor cannot filter by that status: rows of the list are chosen here."""
        reader = self.readers[number]
        if reader.asks.status is None:
            return self
        return self._replacing(number, replace(reader, asks=replace(reader.asks, status=None)))

    def down_to(self, oldest: int) -> ProductList:
        """Without what is older than `oldest`: the vendor may have forgotten it since it was read."""
        return replace(self, readers=tuple(reader.down_to(oldest) for reader in self.readers))

    def with_overfull_second_unfiltered(self, at: Position) -> ProductList:
        """Where a list cannot go on at the second that comes next, all leave it out, and it is read by itself."""
        if not any(reader.overfull and reader.next_position == at for reader in self.readers):
            return self
        older = tuple(reader.older_than(at.second) for reader in self.readers)
        asked = (reader.asks for reader in self.readers if reader.asks != EVERY_ROW)
        second = unfiltered_readers(asked, at.second, self.readers[0].sizes)
        return replace(self, readers=second + older, unfiltered_second=at.second)

    def take(self, at: Position, row_filter: RowFilter, room: int) -> tuple[list[ListedCandidate], ProductList]:
        """Up to `room` of the chosen tasks at position `at`, highest id first, and the list without them.

        Nothing of it may be unread.
        """
        chosen = self._chosen(at, row_filter)
        down_to = self._taken_down_to(at)
        left = [task for task in chosen if down_to is None or id_order(task.key.task_id) < id_order(down_to)]
        taken = left[:room]
        if len(taken) == len(left):
            return taken, self._after(at, frozenset(task.key.task_id for task in chosen))
        if not taken:
            return taken, self
        return taken, replace(self, taken=Cursor(at.second, at.part, taken[-1].key.task_id))

    def _unread(self, at: Position) -> Iterable[tuple[int, ListReader]]:
        return (
            (number, reader)
            for number, reader in enumerate(self.readers)
            if reader.next_position == at and not reader.groups
        )

    def _chosen(self, at: Position, row_filter: RowFilter) -> list[ListedCandidate]:
        """All tasks at the position that are listed with it."""
        candidates = (
            _candidate(TaskKey(self.product, task_id), groups) for task_id, groups in _by_task(self._groups(at)).items()
        )
        chosen = [each for each in candidates if each.key.task_id not in self.listed and row_filter.chooses(each.rows)]
        return sorted(chosen, key=lambda candidate: id_order(candidate.key.task_id), reverse=True)

    def _after(self, at: Position, chosen: frozenset[str]) -> ProductList:
        """All of the position has been taken; where its second goes on, with what was listed of it."""
        ended_with = {group.rows[-1].task_id for group in self._groups(at) if group.rows}
        readers = tuple(
            reader.without_first_group() if reader.groups and reader.groups[0].position == at else reader
            for reader in self.readers
        )
        after = replace(self, readers=readers, taken=None, listed=frozenset(), continued=())
        following = after.next_position
        if following is None or following.second != at.second:
            return after
        listed = self.listed | chosen
        return replace(after, listed=listed, continued=tuple(sorted(ended_with & listed)))

    def _taken_down_to(self, at: Position) -> str | None:
        return self.taken.after if self.taken and self.taken.position == at else None

    def _groups(self, at: Position) -> list[RowGroup]:
        return [reader.groups[0] for reader in self.readers if reader.groups and reader.groups[0].position == at]

    def _replacing(self, number: int, *readers: ListReader) -> ProductList:
        return replace(self, readers=self.readers[:number] + readers + self.readers[number + 1 :])


def unfiltered_readers(
    asked: Iterable[VendorFilter], second: int, sizes: PageSizes, part: int = 0
) -> tuple[ListReader, ...]:
    """The lists of a single second from a part of it on, in all states and each once."""
    distinct = dict.fromkeys(replace(asks, status=None) for asks in asked)
    return tuple(read_second(asks, second, sizes, part) for asks in distinct)


def _is_cheaper_than_narrower(reader: ListReader, page: ListPage) -> bool:
    """Whether it takes fewer calls to read the list to its end than to begin with the narrower ones."""
    # Narrower lists cannot begin within a second that is handed on in parts.
    most = min(len(reader.narrower), reader.sizes.part_pages - 1)
    return page.pages_left is not None and page.pages_left <= most


def _shows(asks: VendorFilter, row: Row) -> bool:
    """Whether a row of a listed task belongs to the list."""
    host = host_of(row.object_path)
    return asks.object_type in {None, row.object_type} and (
        asks.domain_name is None or (host is not None and is_within(host, asks.domain_name))
    )


_Part = tuple[RowGroup, list[Row]]


def _by_task(groups: Iterable[RowGroup]) -> dict[str, list[_Part]]:
    parts: dict[str, list[_Part]] = {}
    for group in groups:
        tasks: dict[str, list[Row]] = {}
        for row in group.rows:
            tasks.setdefault(row.task_id, []).append(row)
        for task_id, rows in tasks.items():
            parts.setdefault(task_id, []).append((group, rows))
    return parts


def _candidate(key: TaskKey, parts: list[_Part]) -> ListedCandidate:
    """What several lists show of one task: one that shows all of it is enough."""
    for group, rows in parts:
        if group.whole:
            return ListedCandidate(key=key, rows=tuple(rows), whole=True, asked=group.asked)
    distinct = {row_id(row): row for _, rows in parts for row in rows}
    return ListedCandidate(key=key, rows=tuple(distinct.values()), whole=False, asked=parts[0][0].asked)


def id_order(task_id: str) -> tuple[int, str]:
    """Ids of digits by their value; no more is known of others than that they differ."""
    return (len(task_id), task_id)
