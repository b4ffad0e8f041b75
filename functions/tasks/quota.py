"""The verb `quota`: what is left of each product's daily refresh and prefetch quotas."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from functions.errors import UpstreamFault
from functions.model import Clock, split_account
from functions.products.product import Product
from functions.products.reading.quota import QuotaFigures
from functions.settings import Settings
from functions.tasks.lookup.problems import problems_of
from functions.tasks.query import Scope
from functions.tasks.render.task import instant_ms
from functions.tasks.report import Quota, QuotaReport
from functions.tasks.results import NothingAnswered, QuotaAnswer, Timing


class _ProductQuotas(msgspec.Struct, frozen=True):
    """What one product said, and after how many seconds."""

    product: str
    quotas: tuple[QuotaFigures, ...] | UpstreamFault
    seconds: float


class Quotas:
    """Answers what is left."""

    def __init__(self, settings: Settings, products: Mapping[str, Product], clock: Clock) -> None:
        """`products` in the order of the registry."""
        self._settings = settings
        self._products = products
        self._clock = clock

    async def report(self, scope: Scope, products: tuple[str, ...] | None = None) -> QuotaAnswer:
        """Of those of `products` in `scope`; None: of the own account's. Raises NothingAnswered when none answered."""
        checked = self._clock.now()
        asked = [name for name in products or self._settings.products if scope.audience.allows(name)]
        answers = await asyncio.gather(*(self._ask(name) for name in asked))
        faults = [each.quotas for each in answers if isinstance(each.quotas, UpstreamFault)]
        if faults and len(faults) == len(answers) and not any(fault.reason.decides for fault in faults):
            raise NothingAnswered(problems_of(faults))
        report = QuotaReport(
            quotas=tuple(quota for each in answers for quota in _quotas(each)),
            checked_at=instant_ms(checked.utc),
            problems=problems_of(faults),
        )
        return QuotaAnswer(report=report, timings=tuple(Timing(each.product, each.seconds, 1) for each in answers))

    async def _ask(self, name: str) -> _ProductQuotas:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            quotas = await self._products[name].quota(started + self._settings.deadline_seconds)
        except UpstreamFault as fault:
            return _ProductQuotas(name, fault, loop.time() - started)
        return _ProductQuotas(name, quotas, loop.time() - started)


def _quotas(answer: _ProductQuotas) -> tuple[Quota, ...]:
    if isinstance(answer.quotas, UpstreamFault):
        return ()
    account, product = split_account(answer.product)
    return tuple(
        Quota(account=account, product=product, kind=left.kind, quota=left.quota, remaining=left.remaining)
        for left in answer.quotas
    )
