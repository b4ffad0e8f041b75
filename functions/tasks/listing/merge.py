"""One product's part of a list, as a value: its vendor lists, merged slot by slot into tasks, and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated

import msgspec
from msgspec.structs import replace

from functions.model import Moment, Row, TaskKey
from functions.products.listing.advance import leapt, read_on
from functions.products.listing.pages import EVERY_ROW, ListPage, PageCall, VendorFilter
from functions.products.listing.reader import Descent, Measure, Place, Slot, SlotKey, alone, covering, narrowed
from functions.tasks.listing.filters import Chooses
from functions.urls import host_of

_RowId = tuple[str, str]


_TaskId = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,30}\Z")]
_Second = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800)]
_Turn = Annotated[int, msgspec.Meta(ge=-10_000, le=0)]


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """All before slot (`second`, `turn`) has been listed, and in it the tasks down to id `after`, if it is given.

    Callers bring it back in a page token, so every member has bounds; the newest second is the end of the year 2099.
    `listed` are tasks that were listed with the part before and have rows in this one, too. `alone`: the second is read
    by itself, without Status.
    """

    second: _Second
    turn: _Turn = 0
    after: _TaskId | None = None
    listed: tuple[_TaskId, ...] = ()
    alone: bool = False


class ListedCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A task that is listed, with the rows that were seen of it: all it has if `whole`."""

    key: TaskKey
    rows: tuple[Row, ...]
    whole: bool
    asked: Moment


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """How far a product's lists have been read and taken.

    `mark` is the last slot taken in part. `listed` are the tasks listed with earlier parts of the second that
    `next_slot` lies in, `going_on` those that the last of these parts ended with: where a task has rows in two parts,
    they follow each other. `alone` is a second that is read by itself.
    """

    product: str
    descents: tuple[Descent, ...]
    mark: Cursor | None = None
    listed: frozenset[str] = frozenset()
    going_on: tuple[str, ...] = ()
    alone: int | None = None

    @property
    def next_slot(self) -> SlotKey | None:
        """The newest slot that may still hold tasks; None at the end."""
        return max((at for descent in self.descents if (at := descent.next_slot)), default=None)

    @property
    def cursor(self) -> Cursor | None:
        """Where to go on from, in few bytes; None at the end."""
        at = self.next_slot
        if at is None:
            return None
        return Cursor(
            second=at.second,
            turn=at.turn,
            after=self._taken_down_to(at),
            listed=self.going_on if at.turn else (),
            alone=at.second == self.alone,
        )

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return sum(_rows_in(descent) for descent in self.descents)

    def calls(self, at: SlotKey) -> dict[int, PageCall]:
        """What must be read before slot `at` is known, by the number of the descent."""
        return {
            number: call
            for number, descent in enumerate(self.descents)
            if descent.next_slot == at and not descent.slots and (call := descent.call())
        }

    def crowds(self, at: SlotKey) -> dict[int, str]:
        """The tasks that fill pages of slot `at`, by the number of the descent that comes to read them."""
        return {
            number: descent.crowd.task_id
            for number, descent in enumerate(self.descents)
            if descent.crowd and descent.next_slot == at and not descent.slots
        }

    def leapt(self, number: int, rows: Iterable[Row]) -> Scan:
        """Descent `number` leaps over its crowd, a task that has these rows; without any they are not known."""
        descent = self.descents[number]
        listed = tuple(row for row in rows if _is_in(descent.asks, row))
        return self._replacing(number, (leapt(descent, listed),))

    def unstuck(self, at: SlotKey) -> Scan:
        """Where a list is stuck at the second that comes next, all lists leave it out, and it is read by itself."""
        if not any(descent.stuck and descent.next_slot == at for descent in self.descents):
            return self
        older = tuple(descent.below(at.second) for descent in self.descents)
        asked = tuple(descent.asks for descent in self.descents if descent.asks != EVERY_ROW)
        second = alone_in(asked, at.second, self.descents[0].measure, 0)
        return replace(self, descents=second + older, alone=at.second)

    def fed(self, number: int, page: ListPage, can_judge: Callable[[Row], bool]) -> Scan:
        """With the page that descent `number` had to read; `can_judge` tells the rows that may be chosen from here."""
        before = self.descents[number]
        after = read_on(before, page)
        if not before.narrower:
            return self._replacing(number, (after,))
        if not all(can_judge(row) for row in page.rows):
            return self.narrowed(number)
        seen = replace(after, place=None, open=(), crowd=None, narrower=())
        rest = () if after.place is None else narrowed(before, after.ceiling, Place(end=covering(after.ceiling)))
        return self._replacing(number, (seen, *rest))

    def narrowed(self, number: int) -> Scan:
        """Without the wide look that descent `number` is: narrower ones begin where it would have."""
        wide = self.descents[number]
        return self._replacing(number, narrowed(wide, wide.ceiling, wide.place))

    def without(self, number: int) -> Scan:
        """The vendor has no such list, hence no such rows."""
        return self._replacing(number, ())

    def in_every_state(self, number: int) -> Scan:
        """The vendor cannot filter by that status: rows of the list are chosen here."""
        descent = self.descents[number]
        if not descent.asks.moves:
            return self
        asks = replace(descent.asks, status=None)
        return self._replacing(number, (replace(descent, asks=asks),))

    def take(self, at: SlotKey, chooses: Chooses, room: int) -> tuple[list[ListedCandidate], Scan]:
        """Up to `room` of the chosen tasks of slot `at`, highest id first, and the scan without them.

        Nothing of the slot may be unread.
        """
        chosen = self._chosen(at, chooses)
        mark = self._taken_down_to(at)
        left = [task for task in chosen if mark is None or _id_order(task.key.task_id) < _id_order(mark)]
        taken = left[:room]
        if len(taken) == len(left):
            return taken, self._without_slot(at, frozenset(task.key.task_id for task in chosen))
        if not taken:
            return taken, self
        return taken, replace(self, mark=Cursor(at.second, at.turn, taken[-1].key.task_id))

    def _chosen(self, at: SlotKey, chooses: Chooses) -> list[ListedCandidate]:
        """All tasks of the slot that are listed with it."""
        tasks = ((task_id, _merged(parts)) for task_id, parts in _by_task(self._slots(at)).items())
        chosen = [
            ListedCandidate(key=TaskKey(self.product, task_id), rows=rows, whole=whole, asked=asked)
            for task_id, (rows, whole, asked) in tasks
            if task_id not in self.listed and chooses(rows)
        ]
        return sorted(chosen, key=lambda candidate: _id_order(candidate.key.task_id), reverse=True)

    def _without_slot(self, at: SlotKey, chosen: frozenset[str]) -> Scan:
        """All of the slot has been taken; where its second goes on, with what was listed of it."""
        ended_with = {slot.rows[-1].task_id for slot in self._slots(at) if slot.rows}
        descents = tuple(
            descent.without_first_slot() if descent.slots and descent.slots[0].at == at else descent
            for descent in self.descents
        )
        after = replace(self, descents=descents, mark=None, listed=frozenset(), going_on=())
        following = after.next_slot
        if following is None or following.second != at.second:
            return after
        listed = self.listed | chosen
        return replace(after, listed=listed, going_on=tuple(sorted(ended_with & listed)))

    def _taken_down_to(self, at: SlotKey) -> str | None:
        return self.mark.after if self.mark and (self.mark.second, self.mark.turn) == (at.second, at.turn) else None

    def _slots(self, at: SlotKey) -> list[Slot]:
        return [descent.slots[0] for descent in self.descents if descent.slots and descent.slots[0].at == at]

    def _replacing(self, number: int, descents: tuple[Descent, ...]) -> Scan:
        return replace(self, descents=self.descents[:number] + descents + self.descents[number + 1 :])


def _rows_in(descent: Descent) -> int:
    leaping = len(descent.leap.rows) if descent.leap else 0
    return sum(len(slot.rows) for slot in descent.slots) + len(descent.open) + leaping


def _is_in(asks: VendorFilter, row: Row) -> bool:
    return asks.object_type in {None, row.object_type} and asks.domain_name in {None, host_of(row.object_path)}


def alone_in(asked: Iterable[VendorFilter], second: int, measure: Measure, part: int) -> tuple[Descent, ...]:
    """The lists of a single second from a part of it on, in all states and each once."""
    distinct = dict.fromkeys(replace(asks, status=None) for asks in asked)
    return tuple(alone(asks, second, measure=measure, part=part) for asks in distinct)


_Part = tuple[Slot, tuple[Row, ...]]


def _by_task(slots: Iterable[Slot]) -> dict[str, list[_Part]]:
    parts: dict[str, list[_Part]] = {}
    for slot in slots:
        tasks: dict[str, list[Row]] = {}
        for row in slot.rows:
            tasks.setdefault(row.task_id, []).append(row)
        for task_id, rows in tasks.items():
            parts.setdefault(task_id, []).append((slot, tuple(rows)))
    return parts


def _merged(parts: list[_Part]) -> tuple[tuple[Row, ...], bool, Moment]:
    """What several lists show of one task: one that shows all of it is enough."""
    for slot, rows in parts:
        if slot.whole:
            return rows, True, slot.asked
    rows_by_id: dict[_RowId, Row] = {(row.object_path, row.object_type): row for _, rows in parts for row in rows}
    return tuple(rows_by_id.values()), False, parts[0][0].asked


def _id_order(task_id: str) -> tuple[int, str]:
    """Ids of digits by their value; no more is known of others than that they differ."""
    return (len(task_id), task_id)
