"""The window scan, where the vendor's list is not as one would have it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from functions.model import Row, Status
from functions.products.listing.pages import ListSource, PageCall
from functions.products.lookup.window_scan import WindowScan
from functions.products.reading.rows import ParsedRows
from functions.upstream.rate_limiter import Permit, RateLimiter
from tests.support.virtual_time import EPOCH, LoopClock, run

SIZE = 5


class List:
    """A vendor's list that shows these rows in this order, whatever it should be."""

    def __init__(self, rows: list[Row], unreadable: int = 0) -> None:
        self.rows = rows
        self.unreadable = unreadable
        self.calls = 0
        self.ends: set[float] = set()
        self.counted: int | None = None

    async def __call__(self, call: PageCall, deadline: float, permit: Permit | None = None) -> ParsedRows:
        self.calls += 1
        await asyncio.sleep(0.01)
        assert call.end is not None
        self.ends.add(call.end)
        times = {row: row.created_at.timestamp() if row.created_at else EPOCH - 900 for row in self.rows}
        within = [row for row in self.rows if call.start <= times[row] <= call.end]
        found: dict[str, list[Row]] = {}
        for row in within[(call.number - 1) * SIZE : call.number * SIZE]:
            found.setdefault(row.task_id, []).append(row)
        rows = {task_id: tuple(rows) for task_id, rows in found.items()}
        total = len(within) if self.counted is None else self.counted
        return ParsedRows(rows, self.unreadable if call.number == 2 else 0, total)


def row(task: int, age: int | None, number: int = 0) -> Row:
    created = None if age is None else datetime.fromtimestamp(EPOCH - age, UTC)
    return Row(str(task), f"http://a.com/{number}", "file", Status.COMPLETE, "Complete", created_at=created)


def found_by_scan(shown: List, wanted: int = 30, begin: float = 0) -> dict[str, int]:
    """How many rows the scan, begun so many seconds later, says each task has."""

    async def main() -> dict[str, int]:
        await asyncio.sleep(begin)
        clock = LoopClock()
        scan = WindowScan(ListSource(shown, SIZE, 5.0, clock, 1.0), clock)
        permit = await RateLimiter(5.0).acquire()
        keys = tuple(map(str, range(wanted)))
        return {task: len(rows) async for task, rows in scan.run(keys, asyncio.get_running_loop().time() + 9, permit)}

    return run(main())


def test_every_task_of_the_window_is_found_with_all_its_rows() -> None:
    shown = List([row(task, 900 + task, number) for task in range(30) for number in range(1 + task % 3)])
    assert found_by_scan(shown) == {str(task): 1 + task % 3 for task in range(30)}
    assert shown.calls == 60 // SIZE + 1


def test_a_scan_that_has_found_everything_reads_no_further_though_the_vendor_counts_too_few_rows() -> None:
    shown = List([row(task, 900 + task) for task in range(40)])
    shown.counted = SIZE
    assert len(found_by_scan(shown, wanted=10)) == 10
    assert shown.calls == 3  # the tenth task is whole when the third page has shown another


@pytest.mark.parametrize("begin", [0, 0.001, 0.5, 0.999])
def test_wherever_in_a_second_a_scan_begins_its_window_ends_at_one_that_is_over(begin: float) -> None:
    """Case N5: a task of the current second would come in front of pages that are read at the same time."""
    shown = List([row(task, 900 + task) for task in range(30)] + [row(30, 0)])
    assert found_by_scan(shown, 31, begin).keys() == set(map(str, range(30)))
    (end,) = shown.ends
    assert end <= EPOCH - 1


def test_tasks_whose_rows_may_still_appear_are_not_taken_from_the_window() -> None:
    shown = List([*(row(task, task) for task in range(10)), *(row(task, 110 + task) for task in range(10, 30))])
    assert found_by_scan(shown).keys() == set(map(str, range(10, 30)))


def test_a_list_that_is_not_newest_first_answers_for_no_task_that_may_have_rows_elsewhere() -> None:
    rows = [row(task, 900 + task) for task in range(30)]
    found = found_by_scan(List([*rows[:10], *rows[20:], *rows[10:20], row(9, 909, 1)]))
    assert "9" not in found
    assert set(found) <= set(map(str, range(10)))


def test_a_row_without_a_time_or_without_a_task_may_belong_to_any_task() -> None:
    rows = [row(task, 900 + task) for task in range(30)]
    for shown in (List([*rows[:8], row(29, None, 1), *rows[8:]]), List(rows, unreadable=1)):
        assert set(found_by_scan(shown)) <= set(map(str, range(5)))
