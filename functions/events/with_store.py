"""Changes with a store: each is taken up by one delivery, and followed to its end by the sweep."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import chain

from functions.errors import StoreFault
from functions.events.accept import AcceptedChange, ChangeAcceptor
from functions.events.change import FOLLOW
from functions.events.parsing import MalformedEvent, ObjectChange
from functions.events.reconcile.sweep import Sweep, SweepReport
from functions.events.reports import ChangeResult, failed, reported, skipped
from functions.events.rules import Rules
from functions.events.store.protocol import Location
from functions.events.stored_reports import handed_in


class StoreBackedChanges:
    """Deals with changes and with the minute's timer."""

    def __init__(self, rules: Rules, location: Location, intake: ChangeAcceptor, sweep: Sweep, *, submit: bool) -> None:
        """`submit` is the switch without which rules only follow."""
        self._rules = rules
        self._location = location
        self._intake = intake
        self._sweep = sweep
        self._submit = submit

    async def deal(self, changes: Sequence[ObjectChange]) -> list[ChangeResult]:
        """What became of each change on each product; nothing is raised."""
        return list(chain.from_iterable(await asyncio.gather(*(self._deal(change) for change in changes))))

    async def sweep(self) -> SweepReport | None:
        """One look after everything under way; None when one is going on. Raises StoreFault."""
        return await self._sweep.run()

    async def _deal(self, change: ObjectChange) -> list[ChangeResult]:
        if self._location.holds(change.bucket, change.key):
            # Every writing of ours would be answered by another one, for ever.
            return [skipped(change, "the store's own")]
        try:
            return await self._take(change)
        except MalformedEvent as fault:
            return [failed(change, str(fault), retry=False)]
        except StoreFault as fault:
            return [failed(change, f"store: {fault}", retry=True)]
        except Exception as fault:  # noqa: BLE001 -- one object's trouble, of any kind, must not hide the others
            return [failed(change, "internal error", retry=True, fault=fault)]

    async def _take(self, change: ObjectChange) -> list[ChangeResult]:
        errands = self._rules.errands(change, submit=self._submit)
        if not errands:
            return [skipped(change, "no rule")]
        begun = await self._intake.take(change, errands)
        if begun is None:
            return [skipped(change, "taken up by another delivery")]
        return list(_reports(change, begun))


def _reports(change: ObjectChange, begun: AcceptedChange) -> Iterator[ChangeResult]:
    errands = begun.record.errands
    for product in dict.fromkeys(errand.product for errand in errands):
        own = [errand for errand in errands if errand.product == product]
        urls = tuple(dict.fromkeys(errand.object_path for errand in own))
        followed = begun.followed.get(product) if all(errand.action == FOLLOW for errand in own) else None
        yield reported(change, product, urls, followed or handed_in(own))
