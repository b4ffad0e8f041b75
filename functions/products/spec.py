"""A product as data: where it is called, its operations and their limits, its vocabulary."""

from __future__ import annotations

import msgspec

from functions.products.vocabulary import Vocabulary
from functions.upstream.operation import Operation, OperationKind


class ListSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The list operation: rows per page, and the words that `ObjectType` and `Status` can filter by.

    A filter by domain or status must name an ObjectType (docs/vendor.md 1.2).
    """

    operation: Operation
    page_size: int
    object_types: tuple[str, ...]
    statuses: tuple[str, ...] = ("Complete", "Refreshing", "Failed", "Timeout", "Canceled")


class LookupSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How tasks are looked up by TaskId.

    At most `ids_per_call` ids fit in one call; `page_size` is None where one answer has all rows. An `expensive` lookup
    is tried for an id without a product only after the other products did not know it.
    """

    operation: Operation
    ids_per_call: int
    page_size: int | None = None
    expensive: bool = False


class SubmitSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of submission: `action` and `object_type` as callers name it, and the vendor's operation and limits.

    Its tasks have the ObjectType `reported`; `word` is the ObjectType to send, None where the operation has none. At
    most `paths_per_call` URLs of `domains_per_call` domains fit in one call, and `paths_per_minute` URLs of one domain
    in a minute, None where no limit is documented.
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
    """One product. `region` only satisfies the SDK's constructor: the endpoint is always given (docs/vendor.md 5.4)."""

    name: str
    sdk_package: str
    endpoint: str
    region: str
    lookup: LookupSpec
    listing: ListSpec
    quota: Operation
    submits: tuple[SubmitSpec, ...] = ()
    words: Vocabulary = Vocabulary()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation that is called, each once; RAM policies and the trimmed SDK are made from them."""
        submits = (each.operation for each in self.submits)
        return tuple(dict.fromkeys((self.lookup.operation, self.listing.operation, self.quota, *submits)))

    def submit_of(self, action: str, object_type: str) -> SubmitSpec | None:
        """The kind of submission; None when the product has no such kind."""
        return next((each for each in self.submits if (each.action, each.object_type) == (action, object_type)), None)


def operation(  # noqa: PLR0913 -- the columns of a table
    product: str, sdk_package: str, action: str, kind: OperationKind, qps: float, rate_setting: str | None = None
) -> Operation:
    """An `Operation`, written as one line."""
    return Operation(
        product=product, sdk_package=sdk_package, action=action, kind=kind, qps=qps, rate_setting=rate_setting
    )
