"""What is sent to ESA: every parameter is one that the SDK's request model knows."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from typing import Any, cast

from functions.products.adapter import AdapterContext
from functions.products.esa.adapter import EsaAdapter
from functions.products.esa.spec import ESA
from functions.products.listing.pages import EVERY_ROW, PageCall, VendorFilter
from functions.upstream.caller import ActionCaller
from functions.upstream.operation import Operation
from functions.upstream.rate_limiter import RateLimiter
from functions.upstream.sdk_client import RawAnswer, SdkClient
from tests.support.virtual_time import LoopClock, run

FULL = VendorFilter(
    object_path="http://www.example.com/a.jpg", domain_name="www.example.com", object_type=None, status="Complete"
)
ANSWERS: Mapping[str, Any] = {
    "ListSites": {"Sites": [{"SiteId": 1, "SiteName": "example.com"}]},
    "GetPurgeQuota": {"Quota": "9", "Usage": "1"},
    "PurgeCaches": {"TaskId": "1"},
    "PreloadCaches": {"TaskId": "2"},
}


class Recorder:
    """In the place of the SDK client: keeps what would be sent; every list shows the same tasks."""

    def __init__(self, *tasks: Mapping[str, str]) -> None:
        self.tasks = tasks
        self.sent: list[tuple[Operation, Mapping[str, Any]]] = []

    async def prepare(self, deadline: float) -> None:
        """There is always a key."""

    async def call(self, operation: Operation, parameters: Mapping[str, Any], seconds: float) -> RawAnswer:
        self.sent.append((operation, parameters))
        return RawAnswer({"RequestId": "R", "Tasks": list(self.tasks), **ANSWERS.get(operation.action, {})}, "R")


def adapter_over(recorder: Recorder) -> EsaAdapter:
    client = cast("SdkClient", recorder)
    callers = {each.action: ActionCaller(each, client, RateLimiter(1_000)) for each in ESA.operations}
    return EsaAdapter(ESA, AdapterContext(callers=callers, clock=LoopClock(), fresh_seconds=0))


def sent() -> list[tuple[Operation, Mapping[str, Any]]]:
    """Every parameter of every operation, as it would be sent."""
    recorder = Recorder()

    async def main() -> None:
        adapter = adapter_over(recorder)
        deadline = asyncio.get_running_loop().time() + 100
        await adapter.lookup(("1594095600000001",), deadline, None)
        await adapter.list_page(PageCall(asks=FULL, start=1, end=2, number=1), deadline)
        await adapter.quota(deadline)
        for kind in ESA.submits:
            await adapter.submit(kind, ("http://www.example.com/a/",), deadline)

    run(main())
    return recorder.sent


def named_in(parameters: Any, model: Any) -> Any:
    """What the model kept of the members that were sent: the SDK adds empty lists of its own."""
    if not isinstance(parameters, dict):
        return model
    return {name: named_in(value, model.get(name)) for name, value in parameters.items()}


def test_every_parameter_survives_the_sdk_s_request_model() -> None:
    every = sent()
    assert {operation for operation, _ in every} == set(ESA.operations)
    assert {name for _, parameters in every for name in parameters} == {
        *("SiteId", "Type", "Content", "Status", "StartTime", "EndTime", "PageNumber", "PageSize")
    }
    models = importlib.import_module(f"{ESA.sdk_package}.models")
    for operation, parameters in every:
        model = getattr(models, operation.request_model)().from_map(dict(parameters)).to_map()
        assert named_in(parameters, model) == parameters, operation.action


def test_a_task_that_several_lists_show_is_there_once() -> None:
    rows = [{"TaskId": "1", "Content": f"http://www.example.com/{n}", "Status": "Complete"} for n in range(2)]

    async def main() -> None:
        adapter = adapter_over(Recorder(*rows))
        deadline = asyncio.get_running_loop().time() + 100
        found = (await adapter.lookup(("1",), deadline, None))["1"]
        listed = await adapter.list_page(PageCall(asks=EVERY_ROW, start=0, end=None, number=1), deadline)
        assert found == listed.rows["1"]
        assert [row.object_path for row in listed.rows["1"]] == [row["Content"] for row in rows]

    run(main())
