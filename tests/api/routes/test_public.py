"""`/healthz` tells the truth about the instance, and takes no parameter it does not know."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.requests import Request

from functions.api.auth.bearer import AllowAll
from functions.api.problems import RequestRefused
from functions.api.routes.public import open_routes
from functions.api.runtime.lifecycle import Lifecycle
from tests.support.http_stub_service import StubTasks, problem


@pytest.mark.parametrize("path", ["/healthz?x=1", "/healthz?verbose=2", "/healthz?verbose=1&x=", "/openapi.json?x=1"])
def test_an_unknown_parameter_is_refused_as_on_every_route(server: httpx.Client, path: str) -> None:  # case R7
    problem(server.get(path), 400, "invalid-request")


def test_an_instance_that_was_told_to_end_says_so(tasks: StubTasks) -> None:  # case A4
    lifecycle = Lifecycle(tasks)
    healthz = open_routes(tasks, AllowAll(), lambda: lifecycle.stopping)[0].endpoint
    request = Request({"type": "http", "query_string": b"", "headers": []})
    assert asyncio.run(healthz(request)).status_code == 200
    lifecycle.begin_shutdown()
    with pytest.raises(RequestRefused) as refused:
        asyncio.run(healthz(request))
    assert refused.value.reason == "stopping"
