"""A product as data: where it is called, its operations and their limits, its vocabulary, its adapter."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from functions.model import in_account
from functions.products.adapter import Adapter, AdapterContext
from functions.products.reading.vocabulary import Vocabulary
from functions.products.submit.kinds import SubmitKind
from functions.upstream.endpoint import Endpoint
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


class ProductSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One product. `region` only satisfies the SDK's constructor: the endpoint is always given (docs/vendor.md 5.4).

    `jobs` is the operation that describes a job; `more_operations` are those that its adapter calls besides.
    """

    name: str
    sdk_package: str
    endpoint: str
    region: str
    adapter: Callable[[ProductSpec, AdapterContext], Adapter]
    lookup: LookupSpec
    listing: ListSpec
    quota: Operation
    submits: tuple[SubmitKind, ...] = ()
    more_operations: tuple[Operation, ...] = ()
    jobs: Operation | None = None
    words: Vocabulary = Vocabulary()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation that is called, each once; RAM policies and the trimmed SDK are made from them."""
        jobs = () if self.jobs is None else (self.jobs,)
        reads = (self.lookup.operation, self.listing.operation, self.quota, *jobs, *self.more_operations)
        return tuple(dict.fromkeys((*reads, *(kind.operation for kind in self.submits))))

    @property
    def installed(self) -> bool:
        """Whether its SDK is at hand; nothing is imported."""
        return importlib.util.find_spec(self.sdk_package) is not None

    def of_account(self, account: str) -> ProductSpec:
        """The same product in another account: what carries its name (limits, caches, keys, faults) is apart."""
        name = in_account(account, self.name)

        def there(operation: Operation) -> Operation:
            return replace(operation, product=name)

        return replace(
            self,
            name=name,
            lookup=replace(self.lookup, operation=there(self.lookup.operation)),
            listing=replace(self.listing, operation=there(self.listing.operation)),
            quota=there(self.quota),
            submits=tuple(replace(kind, operation=there(kind.operation)) for kind in self.submits),
            more_operations=tuple(map(there, self.more_operations)),
            jobs=None if self.jobs is None else there(self.jobs),
        )

    def submit_of(self, action: str, object_type: str) -> SubmitKind | None:
        """The kind of submission; None when the product has no such kind."""
        return next((kind for kind in self.submits if (kind.action, kind.object_type) == (action, object_type)), None)


class ProductConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment decides for one product: where it is called, and calls a second by action.

    `rates` are those of whoever limits together: this instance, or all that share a server. `slices` are those of one
    instance that has lost that server. `fresh_seconds` is the maximum age of the answer for a task that is not done.
    """

    endpoint: Endpoint
    rates: Mapping[str, float]
    slices: Mapping[str, float] = MappingProxyType({})
    fresh_seconds: float


def operation(  # noqa: PLR0913 -- the columns of a table
    product: str, sdk_package: str, action: str, kind: OperationKind, qps: float, rate_setting: str | None = None
) -> Operation:
    """An `Operation`, written as one line."""
    return Operation(
        product=product, sdk_package=sdk_package, action=action, kind=kind, qps=qps, rate_setting=rate_setting
    )
