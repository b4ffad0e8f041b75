"""A product's lists, where the vendor's TotalCount is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from functions.model import Moment, Row, Status
from functions.products.listing.pages import EVERY_ROW, ListPage, VendorFilter
from functions.products.listing.reader import ListChoice, PageSizes, Position, start_reading
from functions.tasks.listing.cursor import Cursor
from functions.tasks.listing.product_list import ProductList
from functions.tasks.listing.row_filter import RowFilter
from functions.tasks.query import ListQuery

NOON = 43_200
BY_TYPE = (ListChoice(VendorFilter(object_type="file")), ListChoice(VendorFilter(object_type="directory")))
ROW_FILTER = RowFilter(ListQuery(products=("cdn",)))


def full_page(first_task: int, pages_left: int | None, *, seconds: int = 1) -> ListPage:
    """Five tasks, a second each or all in one; the newest at noon."""
    rows = (
        Row(
            str(first_task - number),
            "http://a.com/",
            "file",
            Status.COMPLETE,
            "Complete",
            created_at=datetime.fromtimestamp(NOON - number * (seconds - 1), UTC),
        )
        for number in range(5)
    )
    return ListPage(rows=tuple(rows), more=True, readable=True, asked=Moment(0.0, 0.0), pages_left=pages_left)


def test_narrower_lists_never_begin_within_a_second_that_is_handed_on_in_parts() -> None:
    reader = start_reading(ListChoice(EVERY_ROW, BY_TYPE), PageSizes(5, 1), 0, NOON)
    begun = ProductList(product="cdn", readers=(reader,)).with_page(0, full_page(90, 0), ROW_FILTER)
    assert [each.part for each in begun.readers] == [1]
    assert len(begun.with_page(0, full_page(80, 7), ROW_FILTER).readers) == 1


def test_a_list_is_read_on_only_while_the_vendor_counts_few_pages() -> None:
    reader = start_reading(ListChoice(EVERY_ROW, BY_TYPE), PageSizes(5, 10), 0, NOON)
    for pages_left, readers in ((2, 1), (3, 2), (None, 2)):
        begun = ProductList(product="cdn", readers=(reader,)).with_page(0, full_page(90, pages_left), ROW_FILTER)
        assert len(begun.readers) == readers


def test_a_list_that_would_be_handed_on_in_parts_is_not_read_on_while_narrower_ones_can_begin() -> None:
    reader = start_reading(ListChoice(EVERY_ROW, BY_TYPE), PageSizes(5, 2), 0, NOON)
    for pages_left, readers in ((1, 1), (2, 2)):
        begun = ProductList(product="cdn", readers=(reader,)).with_page(0, full_page(90, pages_left), ROW_FILTER)
        assert len(begun.readers) == readers


def test_what_was_read_before_narrower_lists_begin_is_kept_and_they_begin_below_it() -> None:
    reader = start_reading(ListChoice(EVERY_ROW, BY_TYPE), PageSizes(5, 10), 0, NOON)
    begun = ProductList(product="cdn", readers=(reader,)).with_page(0, full_page(90, 9, seconds=2), ROW_FILTER)
    seen, *narrower = begun.readers
    assert [group.position.second for group in seen.groups] == [NOON, NOON - 1, NOON - 2, NOON - 3]
    assert [(each.newest, each.asks) for each in narrower] == [(NOON - 4, choice.asks) for choice in BY_TYPE]


def test_a_task_that_matches_only_in_a_later_part_of_a_second_is_listed_with_that_part() -> None:
    """What the part before ended with was not listed, so it must not count as listed on any instance."""
    chosen = RowFilter(ListQuery(products=("cdn",), statuses=(Status.FAILED,)))
    at = [Position(NOON, -part) for part in range(3)]
    first, second = full_page(90, None), full_page(86, None)
    second = replace(
        second, rows=(replace(second.rows[0], object_path="http://a.com/2", status=Status.FAILED), *second.rows[1:])
    )
    begun = start_reading(ListChoice(EVERY_ROW), PageSizes(5, 1), 0, NOON)
    listed, rest = ProductList(product="cdn", readers=(begun,)).with_page(0, first, chosen).take(at[0], chosen, 20)
    assert listed == []
    assert rest.cursor == Cursor(NOON, -1)
    listed, _ = rest.with_page(0, second, chosen).take(at[1], chosen, 20)
    assert [task.key.task_id for task in listed] == ["86"]
