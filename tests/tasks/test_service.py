"""What all verbs of the service have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from functions.products.product import Product
from functions.tasks.query import ListQuery, LookupQuery, RequestedId
from functions.tasks.service import TaskService
from functions.tasks.submit import Submission
from functions.upstream.freeze import FREEZE_SECONDS
from tests.support.virtual_service import ALL, Account, instance_over
from tests.support.virtual_time import run

LOOKUP = LookupQuery(ids=(RequestedId("7"),), products=ALL)
SUBMISSION = Submission(action="refresh", product="cdn", object_paths=("http://example.com/a",))
VERBS: dict[str, Callable[[TaskService], Awaitable[Any]]] = {
    "lookup": lambda service: service.lookup(LOOKUP),
    "list": lambda service: service.list(ListQuery(products=ALL)),
    "quota": lambda service: service.quota(),
    "follow_urls": lambda service: service.follow_urls("cdn", ("http://example.com/a",)),
    "job": lambda service: service.job("vod", "41d465e31957", LOOKUP),
    "submit": lambda service: service.submit(SUBMISSION),
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_notices_that_the_instance_was_frozen(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[str] = []
    monkeypatch.setattr(Product, "drop_connections", lambda product: dropped.append(product.spec.name))

    async def main() -> None:
        service = instance_over(Account())
        await asyncio.sleep(FREEZE_SECONDS + 1)
        await VERBS[verb](service)

    run(main())
    assert dropped == list(ALL)


def test_a_service_that_is_closed_closes_its_products(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    async def main() -> None:
        service = instance_over(Account())
        monkeypatch.setattr(Product, "close", lambda product: closed.append(product.spec.name))
        await service.close()

    run(main())
    assert closed == list(ALL)
