"""The real service over the emulator, ready to be asked from a test."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from emulator.testing import Emulator
from functions.settings import Settings, read_settings
from functions.tasks.query import DEFAULT_OBJECTS, LookupQuery, RequestedId
from functions.tasks.report import TaskReport
from functions.tasks.results import LookupAnswer
from functions.tasks.service import TaskService, build_service
from functions.upstream.credentials import CredentialSource

T = TypeVar("T")
KEY = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "emulator", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "emulator"}


def environment_of(emu: Emulator, **settings: Any) -> dict[str, str]:
    """TASK_STATUS_* for an emulator; `settings` by their names without the prefix, in any case."""
    endpoints = {f"TASK_STATUS_{product}_ENDPOINT": emu.url for product in ("CDN", "DCDN", "VOD", "ESA")}
    return {**endpoints, **{f"TASK_STATUS_{name.upper()}": str(value) for name, value in settings.items()}}


LIFTED = {f"{group}_QPS": 10_000 for group in ("CDN_BY_ID", "CDN_LIST", "DCDN_BY_ID", "DCDN_LIST", "VOD", "ESA")}


class House:
    """A service with a loop of its own; its questions are answered one after the other."""

    def __init__(self, settings: Settings, credentials: CredentialSource) -> None:
        self._runner = asyncio.Runner()
        self.service: TaskService = build_service(settings, credentials)

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
def house_over(emu: Emulator, credentials: dict[str, str] | None = None, **settings: Any) -> Iterator[House]:
    """A house whose products are the emulator's."""
    house = House(
        read_settings(environment_of(emu, **settings)), CredentialSource(KEY if credentials is None else credentials)
    )
    try:
        yield house
    finally:
        house.close()
