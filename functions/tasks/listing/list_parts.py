"""The two parts of a list: what the vendor still has, and what only the history has. They share no second."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from functions.tasks.listing.cursor import Cursor
from functions.tasks.listing.planner import Question
from functions.tasks.listing.product_list import ProductList


class ListParts(msgspec.Struct, frozen=True, kw_only=True):
    """By product: its list at the vendor, and where in the history it goes on when that has come to its end.

    `older` is empty where the question does not reach back so far; `oldest` is the last second it asks for.
    """

    live: Mapping[str, ProductList]
    older: Mapping[str, Cursor]
    oldest: int = 0


def first_parts(question: Question) -> ListParts:
    """The parts of the first page."""
    live = {product: plan.begin(product, question.span) for product, plan in question.plans.items()}
    if question.older is None:
        return ListParts(live=live, older={})
    beginning = Cursor(question.older.newest)
    return ListParts(live=live, older=dict.fromkeys(live, beginning), oldest=question.older.oldest)


def later_parts(question: Question, cursors: Mapping[str, Cursor], at_hand: Mapping[str, ProductList]) -> ListParts:
    """The parts from `cursors` on; `at_hand` is what is known of a product's list there."""
    plans = {product: plan for product, plan in question.plans.items() if product in cursors}
    live: dict[str, ProductList] = {}
    older: dict[str, Cursor] = {}
    for product, plan in plans.items():
        cursor, kept = cursors[product], at_hand.get(product)
        if question.older is not None and cursor.second < question.span.oldest:
            # The vendor's part is over. Of a second that was left within, all but `after` are listed again.
            live[product] = ProductList(product=product, readers=())
            older[product] = Cursor(min(cursor.second, question.older.newest), after=cursor.after)
            continue
        live[product] = kept.down_to(question.span.oldest) if kept else plan.resume(product, question.span, cursor)
        if question.older is not None:
            older[product] = Cursor(question.older.newest)
    return ListParts(live=live, older=older, oldest=question.older.oldest if question.older else 0)
