"""A refused call is split while that can help: no item lost or asked in vain, and few calls (case V2)."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.products.splitting import Items, Splitter

CODE = "InvalidTaskId.Malformed"


class Vendor:
    """Refuses calls with any of the bad items in them, or every call."""

    def __init__(self, *bad: str, everything: bool = False) -> None:
        self.bad = set(bad)
        self.everything = everything
        self.calls: list[Items] = []

    async def send(self, items: Items) -> str | None:
        self.calls.append(items)
        return CODE if self.everything or self.bad & set(items) else None


def ids(count: int) -> Items:
    return tuple(str(number) for number in range(count))


def split(vendor: Vendor, items: Items, calls: int = 1_000) -> dict[str, str | None]:
    left = [calls]

    def take(wanted: int) -> bool:
        granted = wanted <= left[0]
        left[0] -= wanted if granted else 0
        return granted

    parts = asyncio.run(Splitter(vendor.send, lambda code: code, take).run(items))
    assert sorted(item for part, _ in parts for item in part) == sorted(items), "an item is lost or doubled"
    return {item: code for part, code in parts for item in part}


def test_one_bad_item_is_found() -> None:
    vendor = Vendor("77")
    assert [item for item, code in split(vendor, ids(1_000)).items() if code] == ["77"]
    assert len(vendor.calls) <= 1 + 2 * 10


def test_bad_items_in_both_halves_do_not_hide_the_good_ones() -> None:
    vendor = Vendor("3", "12")
    assert [item for item, code in split(vendor, ids(16)).items() if code] == ["3", "12"]


@pytest.mark.parametrize("count", [2, 3, 10, 16, 100])
def test_a_code_that_every_part_meets_costs_a_handful_of_calls(count: int) -> None:
    vendor = Vendor(everything=True)
    assert set(split(vendor, ids(count)).values()) == {CODE}
    assert len(vendor.calls) <= 5


@given(st.integers(1, 40), st.sets(st.integers(0, 39)), st.integers(0, 60))
def test_nothing_is_lost_and_no_good_item_is_sent_twice(count: int, bad: set[int], budget: int) -> None:
    vendor = Vendor(*(str(number) for number in bad))
    answers = split(vendor, ids(count), budget)
    assert len(vendor.calls) <= 1 + budget
    accepted = [item for call in vendor.calls if not vendor.bad & set(call) for item in call]
    assert len(accepted) == len(set(accepted))
    assert set(accepted) == {item for item, code in answers.items() if code is None}
