"""A server in use, and time enough: these tests claim what instances do together, not how soon they give it up."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest

from emulator.demo.redis_server import RedisServer, running_redis
from functions.products.registry import SPECS
from functions.upstream.shared import server
from tests.support.fleet import settle


@pytest.fixture(scope="session", autouse=True)
def _imported_sdks() -> None:
    for spec in SPECS.values():
        for module in ("client", "models"):
            importlib.import_module(f"{spec.sdk_package}.{module}")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No machine is so busy that the server seems to be away."""
    monkeypatch.setattr(server, "OPERATION_SECONDS", 20.0)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with running_redis() as running:
        settle(running.url)
        yield running
