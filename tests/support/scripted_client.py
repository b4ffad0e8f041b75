"""A client that answers by a script in virtual time: what the SDK would do, without sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast

from functions.errors import Reason, UpstreamFault
from functions.products.cdn import CDN
from functions.upstream.caller import ActionCaller
from functions.upstream.operation import Operation
from functions.upstream.rate_limiter import RateLimiter
from functions.upstream.sdk_client import RawAnswer, SdkClient

Script = Callable[[Mapping[str, Any]], RawAnswer]
BY_ID = CDN.lookup.operation


class ScriptedClient:
    """Answers after `latency` with what `script` makes of the parameters; logs its calls and those abandoned."""

    def __init__(self, script: Script, latency: float = 0.05) -> None:
        self.script = script
        self.latency = latency
        self.calls: list[Mapping[str, Any]] = []
        self.sent_at: list[float] = []
        self.abandoned = 0

    async def prepare(self, deadline: float) -> None:
        """There is always a key."""

    async def call(self, operation: Operation, parameters: Mapping[str, Any], seconds: float) -> RawAnswer:
        self.calls.append(parameters)
        self.sent_at.append(asyncio.get_running_loop().time())
        try:
            await asyncio.sleep(min(self.latency, seconds))
        except asyncio.CancelledError:
            self.abandoned += 1
            raise
        if self.latency > seconds:
            raise UpstreamFault(Reason.TIMEOUT, product=operation.product)
        return self.script(parameters)


def caller_over(client: ScriptedClient, rate: float = 30, operation: Operation = BY_ID) -> ActionCaller:
    """A real caller over a scripted client, with no jitter."""
    return ActionCaller(operation, cast("SdkClient", client), RateLimiter(rate), jitter=lambda: 1.0)


def row(task_id: str, status: str = "Complete", **more: Any) -> dict[str, Any]:
    """A row as the vendor sends it."""
    return {
        "TaskId": task_id,
        "ObjectPath": f"http://example.com/{task_id}",
        "ObjectType": "file",
        "Status": status,
        "Process": "100%",
        "CreationTime": "2020-08-03T08:54:23Z",
        "Description": "",
        **more,
    }


def answer(*rows: Any) -> RawAnswer:
    """A by-id answer holding these rows."""
    return RawAnswer({"RequestId": "R-1", "TotalCount": len(rows), "Tasks": list(rows)}, "R-1")


def knows_all(parameters: Mapping[str, Any]) -> RawAnswer:
    """Every id asked is a complete task."""
    return answer(*(row(task_id) for task_id in parameters["TaskId"].split(",")))


def refuses(code_reason: Reason, **more: Any) -> Script:
    """Every call fails with this reason."""

    def script(_: Mapping[str, Any]) -> RawAnswer:
        raise UpstreamFault(code_reason, product="cdn", **more)

    return script
