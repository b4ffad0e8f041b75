"""Faults as problems: one for each product and reason, with what a client can act on."""

from __future__ import annotations

from typing import Any

import pytest

from functions.errors import Reason, UpstreamFault
from functions.products.lookup.loader import LookupResult
from functions.tasks.lookup.problems import problems_of, raise_if_none_answered
from functions.tasks.results import NothingAnswered


def fault(reason: Reason = Reason.THROTTLED, product: str = "cdn", **more: Any) -> UpstreamFault:
    return UpstreamFault(reason, product=product, **more)


def test_faults_of_one_product_and_reason_are_one_problem_in_the_order_of_appearance() -> None:
    problems = problems_of([fault(), fault(product="vod"), fault(Reason.DENIED), fault()])
    assert [(each.product, each.reason) for each in problems] == [
        ("cdn", "throttled"),
        ("vod", "throttled"),
        ("cdn", "denied"),
    ]


@pytest.mark.parametrize(
    ("reason", "seconds"),
    [
        (Reason.THROTTLED, 1),
        (Reason.TIMEOUT, 2),
        (Reason.DEADLINE, 2),
        (Reason.UNAVAILABLE, 2),
        (Reason.MALFORMED, 10),
        (Reason.DENIED, None),
    ],
)
def test_each_reason_says_when_to_ask_again_or_that_it_is_of_no_use(reason: Reason, seconds: int | None) -> None:
    assert problems_of([fault(reason)])[0].retry_after == seconds


def test_the_longest_time_that_the_vendor_named_counts_in_whole_seconds() -> None:
    assert problems_of([fault(retry_after=2.2), fault(retry_after=7.1), fault()])[0].retry_after == 8
    assert problems_of([fault(retry_after=0.2)])[0].retry_after == 1


def test_the_vendor_s_code_is_told_where_any_of_the_faults_has_one() -> None:
    assert problems_of([fault(), fault(vendor_code="Throttling.User")])[0].vendor_code == "Throttling.User"


def test_request_ids_are_told_once_and_at_most_ten() -> None:
    ids = [f"R-{number % 15}" for number in range(30)]
    problem = problems_of([*(fault(request_id=each) for each in ids), fault()])[0]
    assert problem.request_ids == tuple(ids[:10])


def test_a_product_that_is_not_activated_did_answer() -> None:
    raise_if_none_answered([LookupResult(fault=fault()), LookupResult(fault=fault(Reason.NOT_ACTIVATED))])
    with pytest.raises(NothingAnswered):
        raise_if_none_answered([LookupResult(fault=fault()), LookupResult(fault=fault(Reason.DENIED))])
    raise_if_none_answered([])
