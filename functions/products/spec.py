"""What a product is, as data: where it is called, what it can be asked, what its words mean."""

from __future__ import annotations

import msgspec

from functions.products.vocabulary import Vocabulary
from functions.upstream.operation import Operation, OperationKind


class ListSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How the list operation behaves: rows a page, and the words that `ObjectType` and `Status` can filter by.

    A filter by domain or status must name an ObjectType (facts 1.2).
    """

    operation: Operation
    page_size: int
    object_types: tuple[str, ...]
    statuses: tuple[str, ...] = ("Complete", "Refreshing", "Failed", "Timeout", "Canceled")


class LookupSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How tasks are asked by TaskId.

    `ids_per_call` ids travel in one call; `page_size` is None where one answer holds everything. A `dear` lookup is
    tried for a bare id only after the others did not know it.
    """

    operation: Operation
    ids_per_call: int
    page_size: int | None = None
    dear: bool = False


class SubmitSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of submission: what it is asked as, and how the vendor takes it.

    Its tasks report `reported` as their ObjectType; `word` is the ObjectType to send, None where the operation has
    none. At most `paths_per_call` URLs of `domains_per_call` domains travel in one call, and `paths_per_minute` URLs
    of one domain in a minute, None where the vendor names no bound.
    """

    operation: Operation
    action: str
    object_type: str
    reported: str
    word: str | None
    paths_per_call: int
    domains_per_call: int
    paths_per_minute: int | None


class ProductSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One product. `region` only satisfies the SDK's constructor: the endpoint is always given (facts 5.4)."""

    name: str
    sdk_package: str
    endpoint: str
    region: str
    lookup: LookupSpec
    listing: ListSpec
    quota: Operation
    submits: tuple[SubmitSpec, ...] = ()
    others: tuple[Operation, ...] = ()
    words: Vocabulary = Vocabulary()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation the code calls, each once; rights and the trimmed SDK are made from this."""
        submits = (each.operation for each in self.submits)
        return tuple(dict.fromkeys((self.lookup.operation, self.listing.operation, self.quota, *submits, *self.others)))

    def submit_of(self, action: str, object_type: str) -> SubmitSpec | None:
        """How this is submitted; None when the product knows no such thing."""
        return next((each for each in self.submits if (each.action, each.object_type) == (action, object_type)), None)


def operation(  # noqa: PLR0913 -- the columns of a table
    product: str, sdk_package: str, action: str, kind: OperationKind, qps: float, rate_setting: str | None = None
) -> Operation:
    """One line of a product's table."""
    return Operation(
        product=product, sdk_package=sdk_package, action=action, kind=kind, qps=qps, rate_setting=rate_setting
    )
