"""The queries a caller can make, already checked: `api` and `events` parse into these, the service answers them."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from datetime import datetime
from enum import StrEnum

import msgspec

from functions.accounts import OWN
from functions.model import Status, TaskKey, TaskSnapshot, split_account
from functions.products.lookup.principal import Principal
from functions.tasks.report import Problem
from functions.urls import host_of, is_within, normal_domain

MAX_IDS = 1_000
"""How many distinct ids one lookup may name."""
MAX_OBJECTS = 20_000
"""How many rows one answer may show: the most that ten ids can hold (docs/vendor.md 6.5)."""
DEFAULT_OBJECTS = 20
DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
MAX_WAIT_SECONDS = 55


class RequestedId(msgspec.Struct, frozen=True):
    """One id as it was asked: bare (`24840`, product is None) or qualified (`dcdn:113681`)."""

    task_id: str
    product: str | None = None

    def __str__(self) -> str:
        """The id in the words it was asked in."""
        return self.task_id if self.product is None else f"{self.product}:{self.task_id}"

    def key_in(self, product: str) -> TaskKey:
        """The task this id would be in `product`."""
        return TaskKey(product, self.task_id)


class Until(StrEnum):
    """What ends a wait early."""

    DONE = "done"
    FAILED = "failed"
    CHANGED = "changed"


ANONYMOUS = "anonymous"
"""All callers without a token, who cannot be told apart."""
INTERNAL = "internal"
"""This service itself: what it asks and submits is no caller's."""


class Audience(msgspec.Struct, frozen=True):
    """What a caller may see; None means everything, an empty set nothing. Equal audiences share answers.

    `products` are names as in ids (`acme/cdn`); of `accounts`, `own` is the function's.
    """

    products: frozenset[str] | None = None
    domains: frozenset[str] | None = None
    accounts: frozenset[str] | None = None

    @property
    def digest(self) -> str:
        """Equal for equal audiences, on every instance; hexadecimal digits."""
        sets = (self.products, self.domains, self.accounts)
        parts = [None if part is None else sorted(part) for part in sets]
        return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()

    def allows(self, product: str) -> bool:
        """Whether tasks of this product may be seen at all."""
        return self.knows(product) and (self.products is None or product in self.products)

    def knows(self, product: str) -> bool:
        """Whether there is such an account, for all that may be seen."""
        account, _ = split_account(product)
        return self.accounts is None or (account or OWN) in self.accounts

    def sees(self, snapshot: TaskSnapshot) -> bool:
        """Whether any row of the task may be seen."""
        return self.allows(snapshot.key.product) and any(self.shows(row.object_path) for row in snapshot.rows)

    def shows(self, object_path: str) -> bool:
        """Whether a URL of a product that may be seen may be seen: by its host; hidden if it has none."""
        if self.domains is None:
            return True
        host = host_of(object_path)
        return host is not None and any(is_within(host, domain) for domain in self.domains)

    def reaches(self, domain_name: str | None) -> bool:
        """Whether tasks of this domain may be seen, or, for None, of any domain; a wildcard domain has many hosts."""
        if self.domains is None:
            return True
        if domain_name is None:
            return bool(self.domains)
        asked = normal_domain(domain_name)
        return any(is_within(asked, domain) or is_within(normal_domain(domain), asked) for domain in self.domains)


class Scope(msgspec.Struct, frozen=True):
    """What a caller may see and do; None means everything, an empty set nothing (docs/contract.md, "Who may ask").

    `caller` is the same for all requests of one caller, and for nobody else's; callers without a token are one.
    """

    products: frozenset[str] | None = None
    domains: frozenset[str] | None = None
    accounts: frozenset[str] | None = None
    actions: frozenset[str] | None = None
    caller: str = INTERNAL

    @property
    def audience(self) -> Audience:
        """What of the scope decides what is seen."""
        return Audience(self.products, self.domains, self.accounts)

    @property
    def is_restricted(self) -> bool:
        """Whether the caller may see or do less than everything."""
        return self.actions is not None or self.audience != Audience()

    @property
    def principal(self) -> Principal:
        """For whom a product is asked."""
        return Principal(self.caller, None if self.domains is None else self.audience)


EVERYTHING = Scope()
"""The scope of this service itself."""
ANONYMOUS_SCOPE = Scope(caller=ANONYMOUS)
"""The scope of every caller where no tokens are asked for."""


class LookupQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Look up tasks by id. `ids` are distinct and in the order asked; `products` are in the order of the registry.

    With `object_paths` (URLs in normal form) a task that has rows of these is shown and folded as if it had no others.
    `rejected` is what was to be among these tasks and was not submitted: it is part of the answer, and has failed.
    `anew` asks about moving tasks however young the cached answer is; it goes without `wait`.
    """

    ids: tuple[RequestedId, ...]
    products: tuple[str, ...]
    object_paths: frozenset[str] = frozenset()
    rejected: tuple[Problem, ...] = ()
    objects: int = DEFAULT_OBJECTS
    wait: int = 0
    until: Until = Until.DONE
    after: str | None = None
    anew: bool = False
    scope: Scope = EVERYTHING

    @property
    def visible_products(self) -> tuple[str, ...]:
        """The products to ask: those of the query that the caller may see."""
        return tuple(product for product in self.products if self.scope.audience.allows(product))

    def canonical(self) -> LookupQuery:
        """The same lookup at once, with the ids in one order, so that equal lookups have equal answers."""
        ids = tuple(sorted(self.ids, key=str))
        return msgspec.structs.replace(self, ids=ids, wait=0, until=Until.DONE, after=None)

    @property
    def watch_key(self) -> Hashable:
        """What the lookups have in common that can share one watch, whoever asks and in whatever order."""
        seen = (self.object_paths, self.rejected, self.objects, self.scope.audience)
        return (frozenset(self.ids), self.products, *seen)


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """List tasks that have at least one row matching every filter. Times are creation times, end exclusive."""

    products: tuple[str, ...]
    object_paths: tuple[str, ...] = ()
    domain_name: str | None = None
    object_types: tuple[str, ...] = ()
    action: str | None = None
    statuses: tuple[Status, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    page_size: int = DEFAULT_PAGE_SIZE
    page_token: str | None = None
    objects: int = DEFAULT_OBJECTS
    scope: Scope = EVERYTHING


TaskQuery = LookupQuery | ListQuery
