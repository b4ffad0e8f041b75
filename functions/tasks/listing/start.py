"""How a product is asked for a list: which vendor lists, and where they begin or go on."""

from __future__ import annotations

import msgspec

from functions.products.listing.pages import VendorFilter
from functions.products.listing.reader import Descent, Look, Measure, begin
from functions.tasks.listing.merge import Cursor, Scan, alone_in


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of creation asked for, both ends included; `is_open` when the newest is now and nothing was read yet."""

    floor: int
    ceiling: int
    is_open: bool = False


class ListPlan(msgspec.Struct, frozen=True):
    """The looks that a question is answered from."""

    looks: tuple[Look, ...]
    measure: Measure

    @property
    def lists(self) -> tuple[VendorFilter, ...]:
        """The lists it comes down to where there are many tasks; each costs a call at least."""
        return tuple(asks for look in self.looks for asks in look.leaves)

    def begin(self, product: str, span: Span) -> Scan:
        """The scan of a whole span, which may be empty."""
        return Scan(product=product, descents=self._descents(span))

    def resume(self, product: str, span: Span, cursor: Cursor) -> Scan:
        """The scan from a cursor on, nothing read before at hand."""
        if not (cursor.turn or cursor.alone):
            rest = Span(floor=span.floor, ceiling=cursor.second)
            return Scan(product=product, descents=self._descents(rest), mark=cursor)
        older = Span(floor=span.floor, ceiling=cursor.second - 1)
        return Scan(
            product=product,
            descents=alone_in(self.lists, cursor.second, self.measure, -cursor.turn) + self._descents(older),
            mark=cursor,
            listed=frozenset(cursor.listed),
            going_on=cursor.listed,
            alone=cursor.second if cursor.alone else None,
        )

    def _descents(self, span: Span) -> tuple[Descent, ...]:
        return tuple(
            begin(look, measure=self.measure, floor=span.floor, ceiling=span.ceiling, is_open=span.is_open)
            for look in self.looks
        )
