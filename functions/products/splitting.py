"""Splits a call that was refused because of one of its ids or URLs, so that the others get their answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from functions.errors import Concern

T = TypeVar("T")
Items = tuple[str, ...]
SPLITTABLE = frozenset({Concern.ITEM, Concern.SIZE})
"""What concerns the whole call, a domain or the account is the same for every part of the call."""


class Splitter(Generic[T]):
    """Sends items in one call, and in smaller ones where `refused_by` names a code that a part may be spared.

    When both halves are refused by the same code, one item of each is tried alone: refused again, the code is taken for
    one of the whole call, and no more is sent. `take_calls` grants further calls or refuses them.
    """

    def __init__(
        self,
        send: Callable[[Items], Awaitable[T]],
        refused_by: Callable[[T], str | None],
        take_calls: Callable[[int], bool] = lambda _: True,
    ) -> None:
        """`send` makes one call and raises nothing; `refused_by` is None for what need not or cannot be split."""
        self._send = send
        self._refused_by = refused_by
        self._take_calls = take_calls

    async def run(self, items: Items) -> list[tuple[Items, T]]:
        """The answers, each with its items; together they are `items`."""
        answer = await self._send(items)
        code = self._refused_by(answer)
        if code is None or len(items) == 1 or not self._take_calls(2):
            return [(items, answer)]
        return await self._split(items, code)

    async def _split(self, items: Items, code: str) -> list[tuple[Items, T]]:
        middle = len(items) // 2
        halves = (items[:middle], items[middle:])
        answers = await asyncio.gather(*(self._send(half) for half in halves))
        parts = list(zip(halves, answers, strict=True))
        codes = [self._refused_by(answer) for answer in answers]
        if codes == [code, code]:
            return await self._try_alone(parts, code)
        resolved = [
            await self._split(half, again) if again and len(half) > 1 and self._take_calls(2) else [(half, answer)]
            for (half, answer), again in zip(parts, codes, strict=True)
        ]
        return [part for each in resolved for part in each]

    async def _try_alone(self, parts: list[tuple[Items, T]], code: str) -> list[tuple[Items, T]]:
        """Go on after both parts were refused by `code`, if an item of them alone is not."""
        larger = [(half, answer) for half, answer in parts if len(half) > 1]
        if not larger or not self._take_calls(len(larger)):
            return parts
        alone = await asyncio.gather(*(self._send(half[:1]) for half, _ in larger))
        tried = [(half[:1], answer) for (half, _), answer in zip(larger, alone, strict=True)]
        single = [(half, answer) for half, answer in parts if len(half) == 1]
        rest = [(half[1:], answer) for half, answer in larger]
        if any(self._refused_by(answer) != code for answer in alone) and self._take_calls(len(rest)):
            resolved = await asyncio.gather(*(self.run(items) for items, _ in rest))
            rest = [part for each in resolved for part in each]
        return [*single, *tried, *rest]
