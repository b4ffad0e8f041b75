"""Fills one page of a list: the products' lists are merged newest first, and read on where the merge needs it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from functions.errors import Reason, UpstreamFault
from functions.products.listing.pages import ListPage, PageCall
from functions.products.listing.reader import ListReader, Position
from functions.products.lookup.principal import UNRESTRICTED
from functions.products.product import Product
from functions.tasks.callers.turns import Turn
from functions.tasks.listing.planner import MAX_CALLS
from functions.tasks.listing.product_list import ListedCandidate, ProductList
from functions.tasks.listing.row_filter import RowFilter
from functions.tasks.lookup.fan_out import FanOut
from functions.tasks.query import RequestedId

_ASK_OTHERWISE: Mapping[str | None, Callable[[ProductList, int], ProductList]] = MappingProxyType(
    {
        # Both words are newer than some of the vendor's pages (docs/vendor.md 4): a product may not know them yet.
        "InvalidObjectType.ValueNotSupported": ProductList.without,
        "InvalidStatus.ValueNotSupported": ProductList.in_every_state,
    }
)
"""Refusals by the vendor's code after which a list can be asked in another way."""
_LOOKUP_PATIENCE_SECONDS = 1.5
"""How long it is worth waiting to be spared up to twenty pages; reading them takes five seconds."""


class _Read(msgspec.Struct, frozen=True):
    """A call to be made for one reader of a product."""

    product: str
    number: int
    call: PageCall


class TimeLimits(msgspec.Struct, frozen=True):
    """On the loop's clock: after `enough` no call begins once the page has got anywhere; `latest` ends every call."""

    enough: float
    latest: float


class PageFiller:
    """One page while it is filled. A product that fails stays where it was, and the others go on."""

    def __init__(
        self,
        products: Mapping[str, Product],
        lists: Mapping[str, ProductList],
        row_filter: RowFilter,
        limits: TimeLimits,
        turn: Turn,
    ) -> None:
        """`lists` in the order of the registry."""
        self._products = products
        self._row_filter = row_filter
        self._limits = limits
        self._turn = turn
        self._began = {product: part.cursor for product, part in lists.items()}
        self.lists = dict(lists)
        self.chosen: list[ListedCandidate] = []
        self.faults: dict[str, UpstreamFault] = {}
        self.calls: Counter[str] = Counter()
        self.answered_at: dict[str, float] = {}

    @property
    def got_anywhere(self) -> bool:
        """Whether the list is further than at the beginning, be it only past tasks that are not listed."""
        return any(part.cursor != self._began[product] for product, part in self.lists.items())

    async def fill(self, room: int) -> None:
        """Choose up to `room` tasks: fewer at the end of the list, or when it has cost enough for one answer."""
        while len(self.chosen) < room:
            at = max((next_ for _, part in self._live() if (next_ := part.next_position)), default=None)
            if at is None:
                return
            self.lists.update((product, part.with_overfull_second_unfiltered(at)) for product, part in self._live())
            calls = self._calls(at)
            if not calls:
                self._take(at, room)
            elif self._may_read(len(calls)):
                await self._skip_large_tasks(at)
                await self._read(self._calls(at))
            else:
                return

    def _may_read(self, calls: int) -> bool:
        if not self.got_anywhere:
            return True
        in_time = asyncio.get_running_loop().time() < self._limits.enough
        return in_time and self.calls.total() + calls <= MAX_CALLS

    def _live(self) -> list[tuple[str, ProductList]]:
        return [(product, part) for product, part in self.lists.items() if product not in self.faults]

    def _calls(self, at: Position) -> list[_Read]:
        return [
            _Read(product, number, call) for product, part in self._live() for number, call in part.calls(at).items()
        ]

    def _take(self, at: Position, room: int) -> None:
        for product, part in self._live():
            if part.next_position == at:
                taken, self.lists[product] = part.take(at, self._row_filter, room - len(self.chosen))
                self.chosen += taken

    async def _skip_large_tasks(self, at: Position) -> None:
        """Learn by id how many pages one task fills, where ids are cheap; those need not be read."""
        large = [
            (product, number, RequestedId(task_id, product))
            for product, part in self._live()
            for number, task_id in part.large_tasks(at).items()
            if not self._products[product].spec.lookup.expensive
        ]
        if not large:
            return
        patience = min(self._limits.latest, asyncio.get_running_loop().time() + _LOOKUP_PATIENCE_SECONDS)
        with FanOut(self._products, patience, UNRESTRICTED) as fan:
            fan.ask({asked: [product] for product, _, asked in large})
            await fan.settled(patience)
            results = fan.results()
            self.calls.update({timing.product: timing.calls for timing in fan.timings()})
        for product, number, asked in large:
            snapshot = results[asked.key_in(product)].snapshot
            self.lists[product] = self.lists[product].skipping(number, snapshot.rows if snapshot else ())

    async def _read(self, calls: list[_Read]) -> None:
        pages = await asyncio.gather(*(self._page(read) for read in calls))
        # From the last to the first: a page may change how many readers come after its own.
        for read, page in reversed(list(zip(calls, pages, strict=True))):
            part = self.lists[read.product]
            if isinstance(page, UpstreamFault):
                self._absorb(page, part, read.number)
            else:
                self.lists[read.product] = part.with_page(read.number, page, self._row_filter)

    async def _page(self, read: _Read) -> ListPage | UpstreamFault:
        if not await self._turn.wait(self._limits.latest):
            return UpstreamFault(Reason.DEADLINE, product=read.product)
        self.calls[read.product] += 1
        try:
            return await self._products[read.product].list_source.page(read.call, self._limits.latest)
        except UpstreamFault as fault:
            return fault
        finally:
            self.answered_at[read.product] = asyncio.get_running_loop().time()

    def _absorb(self, fault: UpstreamFault, part: ProductList, number: int) -> None:
        """Ask in another way where that may help; else the product has failed, and stays where it is."""
        otherwise = part
        if fault.vendor_code in _ASK_OTHERWISE:
            otherwise = _ASK_OTHERWISE[fault.vendor_code](part, number)
        elif fault.reason is Reason.DENIED and _is_narrower_by_domain(part.readers[number]):
            # The right may be for some domains only: asked with a DomainName the vendor answers (docs/vendor.md 5.5).
            otherwise = part.narrowed(number)
        elif fault.reason.decides:
            otherwise = replace(part, readers=())
        self.lists[part.product] = otherwise
        if otherwise is part or fault.reason.decides:
            self.faults[part.product] = fault


def _is_narrower_by_domain(reader: ListReader) -> bool:
    return reader.asks.domain_name is None and any(choice.asks.domain_name for choice in reader.narrower)
