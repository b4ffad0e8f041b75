"""Lists read page by page, where they are not as one would have them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from functions.model import Moment, Row, Status
from functions.products.listing.large_tasks import skip_pages
from functions.products.listing.pages import EVERY_ROW, ListPage, PageCall, VendorFilter
from functions.products.listing.read_page import read_page
from functions.products.listing.reader import ListChoice, NextPage, PageSizes, RowGroup, start_reading

SIZE = 5
SIZES = PageSizes(SIZE, 100)
OPEN = NextPage(end=None)
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
    sizes: PageSizes = SIZES,
) -> list[RowGroup]:
    """All groups of a list, skipping pages where the rows of the large task are known."""
    reader = start_reading(ListChoice(asks), sizes, 0, NOON + 100, OPEN)
    groups: list[RowGroup] = []
    while reader.next_page:
        assert len(shown.calls) < 100
        if reader.large_task:
            reader = skip_pages(reader, (known or {}).get(reader.large_task.task_id, ()))
        reader = read_page(reader, shown.page(reader.next_calls()[0], seconds))
        while reader.groups:
            groups.append(reader.groups[0])
            reader = reader.without_first_group()
    return groups


def rows_in(groups: list[RowGroup]) -> set[tuple[str, str]]:
    return {(row.task_id, row.object_path) for group in groups for row in group.rows}


def ids(rows: list[Row]) -> set[tuple[str, str]]:
    return {(row.task_id, row.object_path) for row in rows}


def test_a_large_task_whose_rows_are_known_costs_three_calls() -> None:
    large = [row("9", number, NOON) for number in range(38)]
    rows = [row("10", 0, NOON + 1), *large, row("8", 0, NOON), row("7", 0, NOON - 1)]
    shown = List(rows)
    groups = read_through(shown, known={"9": tuple(large)})
    assert rows_in(groups) == ids(rows)
    assert [call.number for call in shown.calls] == [1, 2, 8, 9]
    assert all(group.whole for group in groups)


def test_rows_of_another_task_within_a_large_task_are_found_all_the_same() -> None:
    large = [row("9", number, NOON) for number in range(38)]
    rows = [*large[:20], row("8", 0, NOON), *large[20:], row("7", 0, NOON - 1)]
    shown = List(rows)
    assert rows_in(read_through(shown, known={"9": tuple(large)})) == ids(rows)
    assert [call.number for call in shown.calls] == [1, 8, *range(2, 10)]


@pytest.mark.parametrize("known", [25, 37, 39, 60])
def test_a_large_task_that_has_grown_or_shrunk_meanwhile_is_read_page_by_page(known: int) -> None:
    large = [row("9", number, NOON) for number in range(max(known, 38))]
    rows = [*large[:38], row("7", 0, NOON - 1)]
    assert ids(rows) <= rows_in(read_through(List(rows), known={"9": tuple(large[:known])}))


def test_parts_of_a_second_are_counted_in_its_rows_though_some_were_skipped() -> None:
    tasks = {"10": 7, "9": 38, "8": 3, "7": 31, "6": 8}
    rows = [row(task, number, NOON) for task, count in tasks.items() for number in range(count)]
    known = {task: tuple(one for one in rows if one.task_id == task) for task in tasks}
    groups = read_through(List(rows), known=known, sizes=PageSizes(SIZE, 2))
    assert [group.position.part for group in groups] == list(range(0, -9, -1))
    assert [set(group.rows) for group in groups] == [set(rows[start : start + 10]) for start in range(0, 87, 10)]


def test_a_large_task_nobody_knows_is_read_page_by_page() -> None:
    rows = [*(row("9", number, NOON) for number in range(38)), row("7", 0, NOON - 1)]
    shown = List(rows)
    assert rows_in(read_through(shown)) == ids(rows)
    assert len(shown.calls) == 8


def test_a_row_without_a_time_is_not_lost() -> None:
    rows = [row("9", 0, NOON), row("8", 0, None), row("7", 0, NOON - 5), *(row("6", n, NOON - 9) for n in range(9))]
    assert rows_in(read_through(List(rows))) == ids(rows)


def test_rows_of_no_task_make_every_task_beside_them_partial() -> None:
    reader = start_reading(ListChoice(EVERY_ROW), SIZES, 0, NOON)
    page = ListPage(rows=(row("9", 0, NOON),), more=False, readable=False, asked=ASKED)
    assert [group.whole for group in read_page(reader, page).groups] == [False]


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
    reader = start_reading(ListChoice(FAILED), SIZES, 0, NOON + 100, OPEN)
    while reader.next_page:
        reader = read_page(reader, shown.page(reader.next_calls()[0], second_of))
    assert {call.number for call in shown.calls} == {1}
    assert [call.end for call in shown.calls] == [None, full + 5, full]
    assert reader.overfull
    assert reader.next_position is not None
    assert rows_in(list(reader.groups)) == ids(rows[:7])


def test_a_row_without_a_time_may_belong_to_any_task_beside_it() -> None:
    rows = [row("9", 0, NOON), row("9", 1, None), row("8", 0, NOON - 5)]
    assert not any(group.whole for group in read_through(List(rows)))


def test_a_page_that_shows_rows_again_is_in_order_and_one_with_a_late_row_is_not() -> None:
    first = tuple(row(str(9 - n), n, NOON - n) for n in range(SIZE))
    for late, whole in ((first[3], True), (row("99", 0, NOON - 1), False)):
        reader = start_reading(ListChoice(EVERY_ROW), SIZES, 0, NOON)
        reader = read_page(reader, ListPage(rows=first, more=True, readable=True, asked=ASKED))
        rest = (late, first[4], row("1", 0, NOON - 9))
        reader = read_page(reader, ListPage(rows=rest, more=False, readable=True, asked=ASKED))
        assert [group.whole for group in reader.groups] == [True] * 4 + [whole] * 2


def test_a_list_that_is_past_a_second_which_is_read_otherwise_goes_on_where_it_is() -> None:
    further = start_reading(ListChoice(EVERY_ROW), SIZES, 0, NOON)
    full = tuple(row(str(task), 0, NOON - task) for task in range(SIZE))
    further = read_page(further, ListPage(rows=full, more=True, readable=True, asked=ASKED))
    assert further.next_page is not None
    older = further.older_than(NOON)
    assert [group.position.second for group in older.groups] == [NOON - 1, NOON - 2, NOON - 3]
    assert (older.newest, older.current, older.next_page) == (further.newest, further.current, further.next_page)
