"""What is left, over all products."""

from __future__ import annotations

import pytest

from functions.errors import Reason, UpstreamFault
from functions.tasks.query import Scope
from functions.tasks.results import NothingAnswered
from tests.support.virtual_service import ALL, Account, instance_over
from tests.support.virtual_time import run

QUOTAS = {"cdn": "DescribeRefreshQuota", "dcdn": "DescribeDcdnRefreshQuota", "vod": "DescribeVodRefreshQuota"}


def failing(reason: Reason, *products: str) -> Account:
    account = Account()
    account.faults = {QUOTAS[product]: UpstreamFault(reason, product=product) for product in products}
    return account


def test_every_product_tells_what_it_has() -> None:
    async def main() -> None:
        account = Account()
        account.emulation.limits.set_quota("vod", "block", 300, used=5)
        report = (await instance_over(account).quota()).report
        left = {(quota.product, quota.kind): (quota.quota, quota.remaining) for quota in report.quotas}
        assert left["vod", "block"] == (300, 295)
        assert left["cdn", "preload-edge"] == (50, 50)
        assert ("dcdn", "preload-edge") not in left
        assert ("vod", "regex") not in left
        assert report.checked_at == "2026-11-22T03:30:00.000Z"
        assert report.problems == ()

    run(main())


def test_a_question_about_quotas_is_one_call_a_product_and_no_hit_of_a_cache() -> None:
    async def main() -> None:
        timings = (await instance_over(Account()).quota()).timings
        assert [(each.product, each.calls, each.hits) for each in timings] == [(product, 1, 0) for product in ALL]

    run(main())


def test_a_product_that_fails_leaves_the_others_their_say() -> None:
    async def main() -> None:
        report = (await instance_over(failing(Reason.DENIED, "dcdn")).quota()).report
        assert {quota.product for quota in report.quotas} == {"cdn", "vod"}
        assert [(problem.product, problem.reason) for problem in report.problems] == [("dcdn", "denied")]

    run(main())


def test_when_all_fail_nothing_answered() -> None:
    async def main() -> None:
        with pytest.raises(NothingAnswered) as raised:
            await instance_over(failing(Reason.DENIED, *ALL)).quota()
        assert [problem.product for problem in raised.value.problems] == list(ALL)

    run(main())


def test_only_products_in_scope_are_asked() -> None:
    async def main() -> None:
        account = Account()
        report = (await instance_over(account).quota(Scope(products=frozenset({"vod"})))).report
        assert {quota.product for quota in report.quotas} == {"vod"}
        assert account.calls == {"DescribeVodRefreshQuota": 1}

    run(main())


def test_that_a_product_is_not_activated_is_an_answer_beside_others_that_fail() -> None:
    async def main() -> None:
        account = failing(Reason.DENIED, "cdn", "dcdn")
        account.faults[QUOTAS["vod"]] = UpstreamFault(Reason.NOT_ACTIVATED, product="vod")
        report = (await instance_over(account).quota()).report
        assert report.quotas == ()
        assert [(each.product, each.reason) for each in report.problems] == [
            ("cdn", "denied"),
            ("dcdn", "denied"),
            ("vod", "not-activated"),
        ]

    run(main())
