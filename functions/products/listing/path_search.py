"""Finds the newest tasks of a product that concern a URL."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import msgspec

from functions.errors import UpstreamFault
from functions.model import Clock, Row
from functions.products.listing.coverage import Coverage, Match
from functions.products.listing.pages import ListSource, VendorFilter
from functions.products.listing.read_page import read_page
from functions.products.listing.reader import ListChoice, NextPage, PageSizes, start_reading

MAX_PAGES = 10
"""Of each list; directories are purged 100 times a day (docs/vendor.md 2), so three days of them fit."""

MAX_COVERING = 20
"""The newest so many of the tasks that only cover the URL: a root directory may be purged with every release."""


class PathMatches(msgspec.Struct, frozen=True):
    """The rows that concern a URL, newest first, and the faults met."""

    rows: tuple[Row, ...]
    faults: tuple[UpstreamFault, ...] = ()


class PathSearch:
    """The search in one product."""

    def __init__(self, source: ListSource, object_types: Collection[str], clock: Clock) -> None:
        """`object_types` are those that the list can be asked for."""
        self._source = source
        self._object_types = object_types
        self._clock = clock

    async def run(self, url: str, deadline: float) -> PathMatches:
        """What concerns `url`, as far as it can be read by `deadline`; nothing is raised."""
        coverage = Coverage((url,))
        found = await asyncio.gather(*(self._rows(asks, deadline) for asks in coverage.lists(self._object_types)))
        rows = dict.fromkeys(row for each in found for row in each.rows)
        newest_first = sorted(rows, key=lambda row: row.created_at.timestamp() if row.created_at else 0, reverse=True)
        matches = coverage.by_task(newest_first)
        covering = [task_id for task_id, match in matches.items() if match is not Match.EXACT]
        left_out = {*covering[MAX_COVERING:]}
        return PathMatches(
            tuple(row for row in newest_first if row.task_id in matches and row.task_id not in left_out),
            tuple(fault for each in found for fault in each.faults),
        )

    async def _rows(self, asks: VendorFilter, deadline: float) -> PathMatches:
        now, sizes = int(self._clock.now().wall), PageSizes(self._source.page_size)
        reader = start_reading(ListChoice(asks), sizes, 0, now, NextPage(end=None))
        faults: tuple[UpstreamFault, ...] = ()
        try:
            for _ in range(MAX_PAGES):
                for call in reader.next_calls():
                    reader = read_page(reader, await self._source.page(call, deadline))
        except UpstreamFault as fault:
            faults = (fault,)
        return PathMatches((*(row for group in reader.groups for row in group.rows), *reader.current), faults)
