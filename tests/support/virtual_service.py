"""The real service over the emulator's world, in one process and in virtual time: without sockets and the SDK.

What stands in is the SDK client alone. Limits, error codes, filters and pages are the emulator's own, and an answer
goes through JSON, as it would on the wire.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from emulator.core.errors import ApiError
from emulator.emulation import Emulation, Options
from emulator.products import PRODUCTS
from emulator.tasks.product import Context
from emulator.tasks.product import Operation as EmulatedOperation
from functions.errors import UpstreamFault
from functions.products.lookup.cache import TaskCache
from functions.products.product import Product, SharedState
from functions.products.registry import SPECS
from functions.products.spec import ProductSpec
from functions.settings import Settings
from functions.store.protocol import ObjectStore
from functions.tasks.callers.budget import Budgets
from functions.tasks.history.history import History
from functions.tasks.query import ListQuery
from functions.tasks.report import Task
from functions.tasks.service import TaskService
from functions.upstream.call_scope import CallScope
from functions.upstream.credentials import CredentialSource
from functions.upstream.operation import Operation
from functions.upstream.sdk_client import RawAnswer
from functions.upstream.sdk_errors import fault_of
from tests.support.virtual_time import LoopClock

OPERATIONS: Mapping[str, EmulatedOperation] = {
    operation.action: operation for product in PRODUCTS for operation in product.operations
}
THROTTLING = {product.name: product.throttling for product in PRODUCTS}
ALL = ("cdn", "dcdn", "vod")
MANY_PAGES = 1_000


class WorldClock:
    """The emulated world's time is the running loop's."""

    def __init__(self) -> None:
        self._clock = LoopClock()

    def now(self) -> float:
        return self._clock.now().wall


class SdkError(Exception):
    """What the SDK would raise for an error body."""

    def __init__(self, data: dict[str, str], status_code: int) -> None:
        super().__init__()
        self.data = data
        self.status_code = status_code


class Account:
    """An emulated account and the calls made to it; `faults` answers an action with a fault as long as it is there."""

    def __init__(self, *, limits: bool = True, latency: float = 0.02) -> None:
        self.emulation = Emulation(Options(samples=False, limits=limits), WorldClock())
        self.tasks = self.emulation.tasks
        self.calls: Counter[str] = Counter()
        self.log: list[tuple[str, Mapping[str, Any]]] = []
        self.faults: dict[str, UpstreamFault] = {}
        self.latency = latency

    async def prepare(self, deadline: float) -> None:
        """There is always a key."""

    async def call(self, operation: Operation, parameters: Mapping[str, Any], seconds: float) -> RawAnswer:
        await asyncio.sleep(self.latency)
        self.calls[operation.action] += 1
        self.log.append((operation.action, parameters))
        if fault := self.faults.get(operation.action):
            raise fault
        texts = {name: _on_the_wire(value) for name, value in parameters.items()}
        now = self.emulation.clock.now()
        context = Context(operation.product, "emulator", texts, now, self.tasks, self.emulation.limits)
        try:
            self._admit(operation)
            body = {"RequestId": "R", **OPERATIONS[operation.action].run(context)}
        except ApiError as error:
            response = error.response
            raised = SdkError({"Code": response.code, "Message": response.message, "RequestId": "R"}, response.status)
            scope = CallScope(0.0)
            scope.http_status = response.status
            raise fault_of(raised, scope, operation.product) from None
        return RawAnswer(msgspec.json.decode(msgspec.json.encode(body)), "R")

    def _admit(self, operation: Operation) -> None:
        if not self.emulation.limits.admits("emulator", operation.action):
            raise ApiError(THROTTLING[operation.product])

    @property
    def list_calls(self) -> int:
        """Calls of list operations that name no TaskId."""
        return sum("RefreshTasks" in action and "TaskId" not in parameters for action, parameters in self.log)


def _on_the_wire(value: Any) -> str:
    """As the SDK writes a parameter: what is no scalar is JSON."""
    return str(value) if isinstance(value, str | int) else msgspec.json.encode(value).decode()


def instance_over(
    account: Account,
    settings: Settings | None = None,
    specs: Mapping[str, ProductSpec] = SPECS,
    store: ObjectStore | None = None,
) -> TaskService:
    """One instance of the service; several over one account know nothing of each other."""
    settings = settings or Settings()
    clock = LoopClock()
    cache = TaskCache(clock, settings.fresh_seconds)
    products = {}
    for name in settings.products:
        product = products[name] = Product(
            specs[name], settings.config_of(specs[name]), CredentialSource({}), SharedState(cache, clock)
        )
        product.close()
        for caller in product._callers.values():
            caller._client = account  # type: ignore[assignment]
    return TaskService(
        settings,
        products,
        cache,
        clock,
        Budgets(settings.callers, clock),
        history=History(store, clock) if store else None,
    )


def with_pages_of(rows: int, names: Iterable[str] = ALL) -> dict[str, ProductSpec]:
    """The products with list pages of so few rows that a handful of tasks is many pages."""
    specs = {}
    for name in names:
        spec = SPECS[name]
        listing = msgspec.structs.replace(spec.listing, page_size=rows)
        lookup = msgspec.structs.replace(spec.lookup, page_size=spec.lookup.page_size and rows)
        specs[name] = msgspec.structs.replace(spec, listing=listing, lookup=lookup)
    return specs


async def all_pages(service: TaskService, query: ListQuery) -> list[Task]:
    """Every task of a list, page after page."""
    tasks: list[Task] = []
    for _ in range(MANY_PAGES):
        page = (await service.list(query)).page
        tasks += page.tasks
        if page.next_page_token is None:
            return tasks
        query = msgspec.structs.replace(query, page_token=page.next_page_token)
    raise AssertionError("the list does not end")
