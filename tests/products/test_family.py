"""What is sent to CDN, DCDN and VOD: every parameter is one that the SDK's request model knows."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from typing import Any, cast

import pytest

from functions.errors import Reason, UpstreamFault
from functions.products.adapter import Adapter, AdapterContext, Callers
from functions.products.family import FamilyAdapter
from functions.products.jobs import JobReader
from functions.products.listing.pages import PageCall, VendorFilter
from functions.products.registry import SPECS
from functions.products.spec import ProductSpec
from functions.upstream.caller import ActionCaller
from functions.upstream.operation import Operation
from functions.upstream.rate_limiter import RateLimiter
from functions.upstream.sdk_client import RawAnswer, SdkClient
from tests.support.virtual_time import LoopClock, run

FULL = VendorFilter(
    object_path="http://example.com/a.jpg", domain_name="example.com", object_type="file", status="Complete"
)


class Recorder:
    """In the place of the SDK client: keeps what would be sent, and refuses it."""

    def __init__(self) -> None:
        self.sent: list[tuple[Operation, Mapping[str, Any]]] = []

    async def prepare(self, deadline: float) -> None:
        """There is always a key."""

    async def call(self, operation: Operation, parameters: Mapping[str, Any], seconds: float) -> RawAnswer:
        self.sent.append((operation, parameters))
        raise UpstreamFault(Reason.DENIED, product=operation.product)


async def _everything(spec: ProductSpec, adapter: Adapter, callers: Callers) -> None:
    deadline = asyncio.get_running_loop().time() + 100
    await adapter.lookup(("24840",), deadline, None)
    for work in (adapter.list_page(PageCall(asks=FULL, start=1, end=2, number=3), deadline), adapter.quota(deadline)):
        with pytest.raises(UpstreamFault):
            await work
    if spec.jobs:
        with pytest.raises(UpstreamFault):
            await JobReader(callers[spec.jobs.action], LoopClock(), 0).job("41d465e31957", deadline)
    for kind in spec.submits:
        await adapter.submit(kind, ("http://example.com/a/",), deadline)


def sent_by(spec: ProductSpec) -> list[tuple[Operation, Mapping[str, Any]]]:
    """Every parameter of every operation, as it would be sent."""
    recorder = Recorder()

    async def main() -> None:
        callers = {
            each.action: ActionCaller(each, cast("SdkClient", recorder), RateLimiter(1_000)) for each in spec.operations
        }
        context = AdapterContext(callers=callers, clock=LoopClock(), fresh_seconds=0)
        await _everything(spec, spec.adapter(spec, context), callers)

    run(main())
    return recorder.sent


@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if spec.adapter is FamilyAdapter])
def test_every_parameter_survives_the_sdk_s_request_model(name: str) -> None:
    spec = SPECS[name]
    sent = sent_by(spec)
    assert {operation for operation, _ in sent} == set(spec.operations)
    models = importlib.import_module(f"{spec.sdk_package}.models")
    for operation, parameters in sent:
        model = getattr(models, operation.request_model)()
        assert model.from_map(dict(parameters)).to_map() == parameters, operation.action
