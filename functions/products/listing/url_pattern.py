r"""Whether a regular expression that was purged matches a URL, in linear time whatever the expression.

The console takes `[0-9]`, `[a-z]`, `[^/]*` and `.*` (docs/vendor.md 2). Understood are characters, escaped characters,
`.`, `\d`, `\w` and sets, each once or with `*`, `+` or `?`: so an expression is a row of items, and all ways to match
are followed at once, as the bits of one number. `re` would try one way after the other, which can take for ever.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

MAX_PATTERN = 1_024
"""The longest ObjectPath (docs/vendor.md 2)."""
_ITEM = re.compile(r"(\\[^a-zA-Z0-9]|\\[dw]|\[\^?[^\[\]\\]{1,64}\]|[^\\\[\](){}|^$*+?])([*+?]?)", re.DOTALL)


class UrlPattern(msgspec.Struct, frozen=True):
    """The items of an expression, each a pattern of one character. Bit i of the numbers is about item i."""

    items: tuple[re.Pattern[str], ...]
    repeated: int
    optional: int

    def matches(self, url: str) -> bool:
        """Whether the expression matches the whole URL."""
        taking: dict[str, int] = {}
        states = self._with_skipped(1)  # bit i: all before item i has been matched
        for character in url:
            if character not in taking:
                taking[character] = self._items_that_take(character)
            going_on = states & taking[character]
            states = self._with_skipped((going_on << 1) | (going_on & self.repeated))
            if not states:
                return False
        return bool(states >> len(self.items))

    def _items_that_take(self, character: str) -> int:
        return sum(1 << number for number, item in enumerate(self.items) if item.fullmatch(character))

    def _with_skipped(self, states: int) -> int:
        """The states, and those reached by leaving out optional items: a carry runs through each row of them."""
        return states | (((states & self.optional) + self.optional) ^ self.optional)


@lru_cache(maxsize=1_024)
def parse_pattern(text: str) -> UrlPattern | None:
    """The pattern; None for an expression that is too long, or has more than is understood here."""
    if len(text) > MAX_PATTERN:
        return None
    text = text.removeprefix("^")
    text = text[:-1] if text.endswith("$") and not text.endswith("\\$") else text
    items: list[re.Pattern[str]] = []
    repeated = optional = at = 0
    while at < len(text):
        found = _ITEM.match(text, at)
        if found is None:
            return None
        item, quantifier = found.groups()
        try:
            items.append(_one_character(item))
        except re.error:
            return None
        bit = 1 << (len(items) - 1)
        repeated |= bit if quantifier in {"*", "+"} else 0
        optional |= bit if quantifier in {"*", "?"} else 0
        at = found.end()
    return UrlPattern(tuple(items), repeated, optional)


@lru_cache(maxsize=512)
def _one_character(item: str) -> re.Pattern[str]:
    return re.compile(item if item[0] in "\\[." else re.escape(item), re.DOTALL | re.ASCII)
