from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from functions.settings import Settings
from tests.support.http_stub_service import RelayedTasks, StubTasks, serving

Opener = Callable[..., httpx.Client]


@pytest.fixture
def tasks() -> StubTasks:
    """The service behind the routes of a test."""
    return StubTasks()


@pytest.fixture(scope="session")
def standing() -> Iterator[tuple[httpx.Client, RelayedTasks]]:
    """One server for all tests that want the usual one."""
    relay = RelayedTasks()
    with serving(Settings(), relay) as client:
        yield client, relay


@pytest.fixture
def opened(tasks: StubTasks) -> Iterator[Opener]:
    """Opens the server with other settings or parts than the usual ones; closes it after the test."""
    with ExitStack() as stack:

        def opening(settings: Settings | None = None, **parts: Any) -> httpx.Client:
            service = parts.pop("tasks", tasks)
            return stack.enter_context(serving(settings or Settings(), service, linger=True, **parts))

        yield opening


@pytest.fixture
def server(standing: tuple[httpx.Client, RelayedTasks], tasks: StubTasks) -> httpx.Client:
    """The server as it is off Function Compute, open to everybody."""
    client, relay = standing
    relay.behind = tasks
    return client
