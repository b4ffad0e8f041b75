"""Looking up by id over the pages of a list, where the vendor's counts are not as one would have them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from functions.errors import Reason, UpstreamFault
from functions.products.lookup.by_id import PagedLookup
from functions.products.reading.rows import ParsedRows, Rows, read_tasks
from functions.products.vod import VOD
from functions.upstream.sdk_client import RawAnswer
from tests.support.scripted_client import ScriptedClient, caller_over, row
from tests.support.virtual_time import run

SIZE = 3


def rows_of_task(count: int) -> list[dict[str, Any]]:
    return [row("7", ObjectPath=f"http://example.com/{number}") for number in range(count)]


def looked_up(
    rows: list[dict[str, Any]], total: int | None = None
) -> tuple[Rows | UpstreamFault, list[int], list[float]]:
    """What a task's rows, shown page by page, are read as; the pages that were asked, and when."""

    def script(parameters: Mapping[str, Any]) -> RawAnswer:
        assert (parameters["TaskId"], parameters["PageSize"]) == ("7", SIZE)
        page = rows[(parameters["PageNumber"] - 1) * SIZE : parameters["PageNumber"] * SIZE]
        return RawAnswer({"RequestId": "R", "TotalCount": total, "Tasks": {"Task": page}}, "R")

    def read_rows(body: object) -> ParsedRows:
        return read_tasks(body, VOD.words, product="vod")

    client = ScriptedClient(script, latency=1.0)

    async def main() -> Mapping[str, Rows | UpstreamFault]:
        lookup = PagedLookup(caller_over(client, operation=VOD.lookup.operation), read_rows, SIZE)
        return await lookup(("7",), asyncio.get_running_loop().time() + 60, None)

    found = run(main())["7"]
    return found, [call["PageNumber"] for call in client.calls], client.sent_at


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2), (6, 3), (8, 3)])
def test_a_task_has_the_rows_of_all_its_pages_and_the_first_that_is_not_full_is_the_last(
    count: int, pages: int
) -> None:
    for total in (None, 0, 1, count):
        found, asked, _ = looked_up(rows_of_task(count), total)
        assert isinstance(found, tuple)
        assert len(found) == count
        assert asked == list(range(1, pages + 1))


def test_the_pages_that_the_vendor_counts_are_asked_for_at_the_same_time() -> None:
    _, asked, sent_at = looked_up(rows_of_task(8), total=8)
    assert (asked, sent_at) == ([1, 2, 3], [0.0, 1.0, 1.0])


def test_a_row_that_names_no_task_may_be_that_of_the_task_on_whichever_page_it_is() -> None:
    nameless = row("")
    found, _, _ = looked_up([row("8"), row("8"), row("8"), row("8"), nameless])
    assert isinstance(found, UpstreamFault)
    assert (found.reason, found.product, found.detail) == (Reason.MALFORMED, "vod", "a row names no task")


def test_a_task_without_a_row_among_those_of_others_is_unknown() -> None:
    assert looked_up([row("8"), row("8")])[0] == ()
