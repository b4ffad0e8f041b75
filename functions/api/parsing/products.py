"""Which products a question is about, by its `product` and `account`, for a caller who may know some accounts."""

from __future__ import annotations

from collections.abc import Iterable

from functions.accounts import OWN
from functions.api.parsing.raw import FaultList
from functions.model import in_account, split_account
from functions.products.registry import PRODUCTS
from functions.settings import Settings
from functions.tasks.query import Audience


class ProductNames:
    """The products that there are for a caller. An account that the caller may not see is one that does not exist."""

    def __init__(self, settings: Settings, audience: Audience) -> None:
        """`names` are as in ids: the function's own like `cdn`, then those of other accounts like `acme/cdn`."""
        others = (name for name in settings.product_names if "/" in name and audience.knows(name))
        self.own = settings.products
        self.names = (*settings.products, *others)
        self.accounts = tuple(dict.fromkeys(split_account(name)[0] or OWN for name in self.names))

    def of(self, account: str) -> tuple[str, ...]:
        """The names of the products of an account."""
        return tuple(name for name in self.names if (split_account(name)[0] or OWN) == account)

    def fault(self, name: str) -> str | None:
        """What is wrong with a product's name; None for one that can be asked."""
        if name in self.names:
            return None
        on = ", ".join(self.names)
        if name in PRODUCTS:
            return f"{name} is switched off here; on are {on}"
        return f"there is no such product; it must be one of {on}"

    def chosen(self, accounts: Iterable[str], products: Iterable[str], faults: FaultList) -> tuple[str, ...]:
        """The names that the parameters `account` and `product` choose, in order; none where both are empty.

        A bare product is that of each account named, else of the function's own. Faults are added to `faults`.
        """
        places, words = tuple(accounts), tuple(products)
        for place in places:
            if place not in self.accounts:
                detail = f"there is no such account; it must be one of {', '.join(self.accounts)}"
                faults.add("account", place, detail)
        wanted = {name for word in words for name in self._meant(word, places, faults)}
        if places and not words:
            wanted = {name for place in places for name in self.of(place)}
        return tuple(name for name in self.names if name in wanted)

    def _meant(self, word: str, places: tuple[str, ...], faults: FaultList) -> tuple[str, ...]:
        account, product = split_account(word)
        if account is not None and places and account not in places:
            faults.add("product", word, f"its account is not among those asked: {', '.join(places)}")
            return ()
        asked = (account or OWN,) if account or not places else places
        names = [in_account(None if place == OWN else place, product) for place in asked]
        there = tuple(name for name in names if name in self.names)
        if not there and (fault := self.fault(names[0])):
            faults.add("product", word, fault)
        return there
