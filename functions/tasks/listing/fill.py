"""Fills one page of a list: the products' scans are merged newest first, and read on where the merge needs it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from functions.errors import Reason, UpstreamFault
from functions.model import Row
from functions.products.listing.pages import ListPage, PageCall
from functions.products.listing.reader import Descent, SlotKey
from functions.products.lookup.principal import ANYBODY
from functions.products.product import Product
from functions.tasks.listing.filters import Chooses
from functions.tasks.listing.merge import ListedCandidate, Scan
from functions.tasks.listing.plan import MAX_CALLS
from functions.tasks.lookup.fan_out import FanOut
from functions.tasks.query import RequestedId

_MENDS: Mapping[str | None, Callable[[Scan, int], Scan]] = MappingProxyType(
    {
        # Both words are newer than some of the vendor's pages (docs/vendor.md 4): a product may not know them yet.
        "InvalidObjectType.ValueNotSupported": Scan.without,
        "InvalidStatus.ValueNotSupported": Scan.in_every_state,
    }
)
"""Refusals by the vendor's code after which a list can be asked in another way."""
_LEAP_PATIENCE_SECONDS = 1.5
"""How long it is worth waiting to be spared up to twenty pages; reading them takes five seconds."""


class Choice(msgspec.Struct, frozen=True):
    """What a page is filled with: tasks that `chooses` names. A wide look is of use for rows that `can_judge` knows."""

    chooses: Chooses
    can_judge: Callable[[Row], bool]


class _Read(msgspec.Struct, frozen=True):
    """A call to be made for one descent of a product."""

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
        self, products: Mapping[str, Product], scans: Mapping[str, Scan], choice: Choice, haste: TimeLimits
    ) -> None:
        """`scans` in house order."""
        self._products = products
        self._choice = choice
        self._haste = haste
        self._began = {product: scan.cursor for product, scan in scans.items()}
        self.scans = dict(scans)
        self.chosen: list[ListedCandidate] = []
        self.faults: dict[str, UpstreamFault] = {}
        self.calls: Counter[str] = Counter()
        self.answered_at: dict[str, float] = {}

    @property
    def got_anywhere(self) -> bool:
        """Whether the list is further than at the beginning, be it only past tasks that are not listed."""
        return any(scan.cursor != self._began[product] for product, scan in self.scans.items())

    async def fill(self, room: int) -> None:
        """Choose up to `room` tasks: fewer at the end of the list, or when it has cost enough for one answer."""
        while len(self.chosen) < room:
            at = max((slot for _, scan in self._live() if (slot := scan.next_slot)), default=None)
            if at is None:
                return
            self.scans.update((product, scan.unstuck(at)) for product, scan in self._live())
            calls = self._calls(at)
            if not calls:
                self._take(at, room)
            elif self._may_read(len(calls)):
                await self._leap(at)
                await self._read(self._calls(at))
            else:
                return

    def _may_read(self, calls: int) -> bool:
        if not self.got_anywhere:
            return True
        in_time = asyncio.get_running_loop().time() < self._haste.enough
        return in_time and self.calls.total() + calls <= MAX_CALLS

    def _live(self) -> list[tuple[str, Scan]]:
        return [(product, scan) for product, scan in self.scans.items() if product not in self.faults]

    def _calls(self, at: SlotKey) -> list[_Read]:
        return [
            _Read(product, number, call) for product, scan in self._live() for number, call in scan.calls(at).items()
        ]

    def _take(self, at: SlotKey, room: int) -> None:
        for product, scan in self._live():
            if scan.next_slot == at:
                taken, self.scans[product] = scan.take(at, self._choice.chooses, room - len(self.chosen))
                self.chosen += taken

    async def _leap(self, at: SlotKey) -> None:
        """Learn by id how many pages are filled by one task alone, where ids are cheap; those need not be read."""
        crowds = [
            (product, number, RequestedId(task_id, product))
            for product, scan in self._live()
            for number, task_id in scan.crowds(at).items()
            if not self._products[product].spec.lookup.expensive
        ]
        if not crowds:
            return
        patience = min(self._haste.latest, asyncio.get_running_loop().time() + _LEAP_PATIENCE_SECONDS)
        with FanOut(self._products, patience, ANYBODY) as fan:
            fan.ask({asked: [product] for product, _, asked in crowds})
            await fan.settled(patience)
            results = fan.results()
            self.calls.update({timing.product: timing.calls for timing in fan.timings()})
        for product, number, asked in crowds:
            snapshot = results[asked.key_in(product)].snapshot
            self.scans[product] = self.scans[product].leapt(number, snapshot.rows if snapshot else ())

    async def _read(self, calls: list[_Read]) -> None:
        pages = await asyncio.gather(*(self._page(read) for read in calls))
        # From the last to the first: feeding one may change how many come after it.
        for read, page in reversed(list(zip(calls, pages, strict=True))):
            scan = self.scans[read.product]
            if isinstance(page, UpstreamFault):
                self._absorb(page, scan, read.number)
            else:
                self.scans[read.product] = scan.fed(read.number, page, self._choice.can_judge)

    async def _page(self, read: _Read) -> ListPage | UpstreamFault:
        self.calls[read.product] += 1
        try:
            return await self._products[read.product].listing.page(read.call, self._haste.latest)
        except UpstreamFault as fault:
            return fault
        finally:
            self.answered_at[read.product] = asyncio.get_running_loop().time()

    def _absorb(self, fault: UpstreamFault, scan: Scan, number: int) -> None:
        """Ask in another way where that may help; else the product has failed, and stays where it is."""
        mended = scan
        if fault.vendor_code in _MENDS:
            mended = _MENDS[fault.vendor_code](scan, number)
        elif fault.reason is Reason.DENIED and _is_narrower_by_domain(scan.descents[number]):
            # The right may be for some domains only: asked with a DomainName the vendor answers (docs/vendor.md 5.5).
            mended = scan.narrowed(number)
        elif fault.reason.decides:
            mended = replace(scan, descents=())
        self.scans[scan.product] = mended
        if mended is scan or fault.reason.decides:
            self.faults[scan.product] = fault


def _is_narrower_by_domain(descent: Descent) -> bool:
    return descent.asks.domain_name is None and any(look.asks.domain_name for look in descent.narrower)
