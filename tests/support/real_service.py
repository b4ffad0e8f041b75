"""The real service over the emulator, ready to be asked from a test."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar

from emulator.testing import Emulator
from functions.model import SystemClock
from functions.settings import Settings, read_settings
from functions.tasks.query import DEFAULT_OBJECTS, LookupQuery, RequestedId
from functions.tasks.report import TaskReport
from functions.tasks.results import LookupAnswer
from functions.tasks.service import TaskService
from functions.tasks.wiring import build_service
from functions.upstream.credentials import CredentialSource
from tests.support.network_time import NetworkTimeClock, NetworkTimeLoop

T = TypeVar("T")
KEY = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "emulator", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "emulator"}


def environment_of(emu: Emulator, **settings: Any) -> dict[str, str]:
    """TASK_STATUS_* for an emulator; `settings` by their names without the prefix, in any case."""
    endpoints = {f"TASK_STATUS_{product}_ENDPOINT": emu.url for product in ("CDN", "DCDN", "VOD", "ESA", "STS")}
    return {**endpoints, **{f"TASK_STATUS_{name.upper()}": str(value) for name, value in settings.items()}}


LIFTED = {f"{group}_QPS": 10_000 for group in ("CDN_BY_ID", "CDN_LIST", "DCDN_BY_ID", "DCDN_LIST", "VOD", "ESA")}


class RealService:
    """A service with a loop of its own; its questions are answered one after the other."""

    def __init__(self, settings: Settings, credentials: CredentialSource, loop: NetworkTimeLoop | None = None) -> None:
        self._runner = asyncio.Runner(loop_factory=(lambda: loop) if loop else None)
        clock = NetworkTimeClock(loop) if loop else SystemClock()
        self.service: TaskService = build_service(settings, credentials, clock)

    def run(self, question: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(question)

    def lookup(self, text: str, products: str = "cdn,dcdn,vod", objects: int = DEFAULT_OBJECTS) -> LookupAnswer:
        """Ask for comma-separated ids as a caller would write them."""
        return self.run(self.service.lookup(query_of(text, products, objects)))

    def report(self, text: str, products: str = "cdn,dcdn,vod", objects: int = DEFAULT_OBJECTS) -> TaskReport:
        return self.lookup(text, products, objects).report

    def close(self) -> None:
        self.run(self.service.close())
        self._runner.close()


def query_of(text: str, products: str = "cdn,dcdn,vod", objects: int = DEFAULT_OBJECTS) -> LookupQuery:
    """A lookup of comma-separated ids."""
    asked = []
    for word in text.split(","):
        product, _, task_id = word.rpartition(":")
        asked.append(RequestedId(task_id, product or None))
    return LookupQuery(ids=tuple(asked), products=tuple(products.split(",")), objects=objects)


@contextmanager
def real_service(emu: Emulator, credentials: dict[str, str] | None = None, **settings: Any) -> Iterator[RealService]:
    """A service whose products are the emulator's."""
    real = RealService(
        read_settings(environment_of(emu, **settings)), CredentialSource(KEY if credentials is None else credentials)
    )
    with closing(real):
        yield real


@contextmanager
def real_service_in_network_time(
    emu: Emulator, *, hanging: str | None = None, **settings: Any
) -> Iterator[RealService]:
    """The same in a time that stands still while a call is under way, unless it is one of a `hanging` name.

    `hanging` is a product or an action, or `*` for all; its calls must have a fault that keeps them from ending. The
    emulator's limits, which are in real time, are lifted.
    """
    emu.limits.lift()
    name = None if hanging == "*" else hanging
    loop = NetworkTimeLoop((lambda: emu.calls.count(name)) if hanging else lambda: 0)
    with closing(RealService(read_settings(environment_of(emu, **settings)), CredentialSource(KEY), loop)) as real:
        yield real
