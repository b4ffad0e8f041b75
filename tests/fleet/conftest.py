"""A server in use, and time enough: these tests claim what instances do together, not how soon they give it up."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest
from redis import Redis

from emulator.demo.redis_server import RedisServer, running_redis
from functions.products.registry import SPECS
from functions.upstream.shared import server


@pytest.fixture(scope="session", autouse=True)
def _imported_sdks() -> None:
    for spec in SPECS.values():
        for module in ("client", "models"):
            importlib.import_module(f"{spec.sdk_package}.{module}")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch, redis: RedisServer) -> None:
    """The server knows that nothing was sent lately: nobody waits as where it may have lost what it knew."""
    monkeypatch.setattr(server, "OPERATION_SECONDS", 20.0)
    with Redis(port=redis.port) as client:
        for spec in SPECS.values():
            key = f"{{cdn-task-status::{spec.name}}}:{spec.lookup.operation.action}:rate"
            client.hset(key, mapping={"share": 1, "recovered_at": 0, "blocked_until": 0})


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with running_redis() as running:
        yield running
