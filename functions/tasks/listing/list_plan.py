"""How a product is asked for a list: which vendor lists, and where they begin or go on."""

from __future__ import annotations

import msgspec

from functions.products.listing.pages import VendorFilter
from functions.products.listing.reader import ListChoice, ListReader, NextPage, PageSizes, start_reading
from functions.tasks.listing.cursor import Cursor
from functions.tasks.listing.product_list import ProductList, unfiltered_readers


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of creation asked for, both included; `is_open` when the newest is now and nothing was read yet."""

    oldest: int
    newest: int
    is_open: bool = False


class ListPlan(msgspec.Struct, frozen=True):
    """The lists that a question is answered from."""

    choices: tuple[ListChoice, ...]
    sizes: PageSizes

    @property
    def narrowest(self) -> tuple[VendorFilter, ...]:
        """The lists it comes down to where there are many tasks; each costs a call at least."""
        return tuple(asks for choice in self.choices for asks in choice.narrowest)

    def begin(self, product: str, span: Span) -> ProductList:
        """The list of a whole span, which may be empty."""
        return ProductList(product=product, readers=self._readers(span))

    def resume(self, product: str, span: Span, cursor: Cursor) -> ProductList:
        """The list from a cursor on, nothing read before at hand."""
        if not (cursor.part or cursor.unfiltered):
            rest = Span(oldest=span.oldest, newest=cursor.second)
            return ProductList(product=product, readers=self._readers(rest), taken=cursor)
        older = Span(oldest=span.oldest, newest=cursor.second - 1)
        second = unfiltered_readers(self.narrowest, cursor.second, self.sizes, -cursor.part)
        return ProductList(
            product=product,
            readers=second + self._readers(older),
            taken=cursor,
            listed=frozenset(cursor.listed),
            continued=cursor.listed,
            unfiltered_second=cursor.second if cursor.unfiltered else None,
        )

    def _readers(self, span: Span) -> tuple[ListReader, ...]:
        page = NextPage(end=None) if span.is_open else None
        return tuple(start_reading(choice, self.sizes, span.oldest, span.newest, page) for choice in self.choices)
