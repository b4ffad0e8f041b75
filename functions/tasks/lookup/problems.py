"""Faults of products as the `problems` of an answer: at most one entry for each product and reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from functions.errors import Reason, UpstreamFault
from functions.model import split_account
from functions.products.lookup.loader import LookupResult
from functions.tasks.report import Problem
from functions.tasks.results import NothingAnswered

_MAX_REQUEST_IDS = 10
_RETRY_AFTER: Mapping[Reason, int] = MappingProxyType(
    {
        Reason.THROTTLED: 1,
        Reason.TIMEOUT: 2,
        Reason.DEADLINE: 2,
        Reason.UNAVAILABLE: 2,
        Reason.HISTORY_UNAVAILABLE: 2,
        Reason.MALFORMED: 10,
        Reason.REJECTED: 60,  # by a code that is not known
    }
)
"""Seconds after which it is worth asking again, where the vendor named none."""


def problems_of(faults: Iterable[UpstreamFault]) -> tuple[Problem, ...]:
    """One problem per product and reason, in the order of their first appearance."""
    by_kind: dict[tuple[str, Reason], list[UpstreamFault]] = {}
    for fault in faults:
        by_kind.setdefault((fault.product, fault.reason), []).append(fault)
    return tuple(_problem(product, reason, faults) for (product, reason), faults in by_kind.items())


def raise_if_none_answered(results: Iterable[LookupResult]) -> None:
    """Raise NothingAnswered when every result is a fault. A product that is not activated did answer."""
    faults: list[UpstreamFault] = []
    for result in results:
        if result.snapshot is not None or result.fault is None or result.fault.reason.decides:
            return
        faults.append(result.fault)
    if faults:
        raise NothingAnswered(problems_of(faults))


def _problem(product: str, reason: Reason, faults: Sequence[UpstreamFault]) -> Problem:
    account, bare = split_account(product)
    return Problem(
        account=account,
        product=bare,
        reason=reason.value,
        retry_after=_retry_after(reason, faults),
        vendor_code=next((fault.vendor_code for fault in faults if fault.vendor_code), None),
        request_ids=tuple(dict.fromkeys(fault.request_id for fault in faults if fault.request_id))[:_MAX_REQUEST_IDS],
    )


def _retry_after(reason: Reason, faults: Sequence[UpstreamFault]) -> int | None:
    named = [math.ceil(fault.retry_after) for fault in faults if fault.retry_after is not None]
    if not any(fault.retryable for fault in faults):
        return None
    return max([_RETRY_AFTER[reason], *named])
