"""Lists read page by page, where they are not as one would have them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from functions.model import Moment, Row, Status
from functions.products.listing.advance import leapt, read_on
from functions.products.listing.pages import EVERY_ROW, ListPage, PageCall, VendorFilter
from functions.products.listing.reader import Descent, Look, Measure, Slot, begin

SIZE = 5
MEASURE = Measure(SIZE, 100)
NOON = 43_200
ASKED = Moment(0.0, 0.0)
FAILED = VendorFilter(object_type="file", status="Failed")


def row(task: str, number: int, second: int | None) -> Row:
    created = None if second is None else datetime.fromtimestamp(second, UTC)
    return Row(task, f"http://a.com/{number}", "file", Status.COMPLETE, "Complete", created_at=created)


class List:
    """What a vendor would show, newest first."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.calls: list[PageCall] = []

    def page(self, call: PageCall, seconds: Callable[[Row], int]) -> ListPage:
        self.calls.append(call)
        found = [
            row for row in self.rows if call.start <= seconds(row) and (call.end is None or seconds(row) <= call.end)
        ]
        shown = found[(call.number - 1) * SIZE : call.number * SIZE]
        return ListPage(rows=tuple(shown), more=len(shown) == SIZE, readable=True, asked=ASKED)


def second_of(row: Row) -> int:
    return int(row.created_at.timestamp()) if row.created_at else NOON


def read_through(
    shown: List,
    asks: VendorFilter = EVERY_ROW,
    known: dict[str, tuple[Row, ...]] | None = None,
    seconds: Callable[[Row], int] = second_of,
    measure: Measure = MEASURE,
) -> list[Slot]:
    """All slots of a list, leaping where the rows of the crowd are known."""
    descent: Descent = begin(Look(asks), measure=measure, floor=0, ceiling=NOON + 100, is_open=True)
    slots: list[Slot] = []
    while call := descent.call():
        assert len(shown.calls) < 100
        if descent.crowd:
            descent = leapt(descent, (known or {}).get(descent.crowd.task_id, ()))
            call = descent.call() or call
        descent = read_on(descent, shown.page(call, seconds))
        while descent.slots:
            slots.append(descent.slots[0])
            descent = descent.without_first_slot()
    return slots


def rows_in(slots: list[Slot]) -> set[tuple[str, str]]:
    return {(row.task_id, row.object_path) for slot in slots for row in slot.rows}


def ids(rows: list[Row]) -> set[tuple[str, str]]:
    return {(row.task_id, row.object_path) for row in rows}


def test_a_crowd_whose_rows_are_known_costs_three_calls() -> None:
    crowd = [row("9", number, NOON) for number in range(38)]
    rows = [row("10", 0, NOON + 1), *crowd, row("8", 0, NOON), row("7", 0, NOON - 1)]
    shown = List(rows)
    slots = read_through(shown, known={"9": tuple(crowd)})
    assert rows_in(slots) == ids(rows)
    assert [call.number for call in shown.calls] == [1, 2, 8, 9]
    assert all(slot.whole for slot in slots)


def test_rows_of_another_task_within_a_crowd_are_found_all_the_same() -> None:
    crowd = [row("9", number, NOON) for number in range(38)]
    rows = [*crowd[:20], row("8", 0, NOON), *crowd[20:], row("7", 0, NOON - 1)]
    shown = List(rows)
    assert rows_in(read_through(shown, known={"9": tuple(crowd)})) == ids(rows)
    assert [call.number for call in shown.calls] == [1, 8, *range(2, 10)]


@pytest.mark.parametrize("known", [25, 37, 39, 60])
def test_a_crowd_that_has_grown_or_shrunk_meanwhile_is_read_page_by_page(known: int) -> None:
    crowd = [row("9", number, NOON) for number in range(max(known, 38))]
    rows = [*crowd[:38], row("7", 0, NOON - 1)]
    assert ids(rows) <= rows_in(read_through(List(rows), known={"9": tuple(crowd[:known])}))


def test_parts_of_a_second_are_counted_in_its_rows_though_some_were_leapt_over() -> None:
    tasks = {"10": 7, "9": 38, "8": 3, "7": 31, "6": 8}
    rows = [row(task, number, NOON) for task, count in tasks.items() for number in range(count)]
    known = {task: tuple(one for one in rows if one.task_id == task) for task in tasks}
    slots = read_through(List(rows), known=known, measure=Measure(SIZE, 2))
    assert [slot.at.turn for slot in slots] == list(range(0, -9, -1))
    assert [set(slot.rows) for slot in slots] == [set(rows[start : start + 10]) for start in range(0, 87, 10)]


def test_a_crowd_nobody_knows_is_read_page_by_page() -> None:
    rows = [*(row("9", number, NOON) for number in range(38)), row("7", 0, NOON - 1)]
    shown = List(rows)
    assert rows_in(read_through(shown)) == ids(rows)
    assert len(shown.calls) == 8


def test_a_row_without_a_time_is_not_lost() -> None:
    rows = [row("9", 0, NOON), row("8", 0, None), row("7", 0, NOON - 5), *(row("6", n, NOON - 9) for n in range(9))]
    assert rows_in(read_through(List(rows))) == ids(rows)


def test_rows_of_no_task_make_every_task_beside_them_partial() -> None:
    descent = begin(Look(EVERY_ROW), measure=MEASURE, floor=0, ceiling=NOON)
    page = ListPage(rows=(row("9", 0, NOON),), more=False, readable=False, asked=ASKED)
    assert [slot.whole for slot in read_on(descent, page).slots] == [False]


def test_a_product_that_writes_minutes_only_loses_no_row_when_a_list_goes_on_by_time() -> None:
    minute = NOON - NOON % 60

    def truly(shown: Row) -> int:  # created within the minute that is written
        return second_of(shown) + 59 - int(shown.object_path.rpartition("/")[2]) % 60

    rows = [row(str(100 - n), n, minute - n // 3 * 60) for n in range(30)]
    rows.sort(key=lambda one: -truly(one))
    assert rows_in(read_through(List(rows), FAILED, seconds=truly)) == ids(rows)


def test_a_list_by_status_goes_on_by_time_and_stops_at_a_second_too_full_for_a_page() -> None:
    full = NOON + 7
    rows = [*(row(str(50 - n), n, full + 9 - n) for n in range(7)), *(row(str(20 - n), n, full) for n in range(8))]
    shown = List(rows)
    descent = begin(Look(FAILED), measure=MEASURE, floor=0, ceiling=NOON + 100, is_open=True)
    while call := descent.call():
        descent = read_on(descent, shown.page(call, second_of))
    assert {call.number for call in shown.calls} == {1}
    assert [call.end for call in shown.calls] == [None, full + 5, full]
    assert descent.stuck
    assert descent.next_slot is not None
    assert rows_in(list(descent.slots)) == ids(rows[:7])
