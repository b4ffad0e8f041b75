"""What the fault of a submit call means for its URLs."""

from __future__ import annotations

import pytest

from functions.errors import Concern, Reason, RejectReason, UpstreamFault
from functions.products.submit.rejections import UNKNOWN_RETRY_SECONDS, cause_of


def fault(
    reason: Reason, code: str | None = None, *, refused: bool = True, retry: float | None = None
) -> UpstreamFault:
    return UpstreamFault(reason, product="cdn", vendor_code=code, without_effect=refused, retry_after=retry)


@pytest.mark.parametrize("refused", [True, False])
def test_a_documented_code_decides(refused: bool) -> None:
    cause = cause_of(fault(Reason.REJECTED, "QuotaExceeded.Refresh", refused=refused))
    assert (cause.reason, cause.retry_after) == (RejectReason.QUOTA_EXCEEDED, None)


def test_an_unknown_code_is_no_verdict() -> None:
    cause = cause_of(fault(Reason.REJECTED, "NeverHeardOf"))
    assert (cause.reason, cause.vendor_code) == (RejectReason.REJECTED, "NeverHeardOf")
    assert cause.retry_after == UNKNOWN_RETRY_SECONDS


@pytest.mark.parametrize("code", [None, "NeverHeardOf", "InternalError"])
def test_what_may_have_been_carried_out_is_of_unknown_outcome(code: str | None) -> None:
    cause = cause_of(fault(Reason.UNAVAILABLE, code, refused=False, retry=5.0))
    assert (cause.reason, cause.retry_after) == (RejectReason.UNKNOWN_OUTCOME, None)


def test_the_vendor_s_time_goes_before_the_table_s() -> None:
    assert cause_of(fault(Reason.THROTTLED, "Throttling", retry=7.0)).retry_after == 7.0
    assert cause_of(fault(Reason.THROTTLED, "Throttling")).retry_after == 1


def test_an_unknown_outcome_keeps_the_vendor_s_code() -> None:
    assert cause_of(fault(Reason.UNAVAILABLE, "NeverHeardOf", refused=False)).vendor_code == "NeverHeardOf"


@pytest.mark.parametrize(
    ("reason", "rejected", "seconds"),
    [
        (Reason.THROTTLED, RejectReason.THROTTLED, 1.0),
        (Reason.DEADLINE, RejectReason.DEADLINE, 2.0),
        (Reason.TIMEOUT, RejectReason.UNAVAILABLE, 2.0),
        (Reason.UNAVAILABLE, RejectReason.UNAVAILABLE, 2.0),
        (Reason.DENIED, RejectReason.DENIED, None),
        (Reason.BAD_CREDENTIALS, RejectReason.BAD_CREDENTIALS, None),
        (Reason.NOT_ACTIVATED, RejectReason.NOT_ACTIVATED, None),
        (Reason.MALFORMED, RejectReason.UNAVAILABLE, 2.0),
    ],
)
def test_without_a_code_the_reason_decides_when_the_vendor_surely_did_nothing(
    reason: Reason, rejected: RejectReason, seconds: float | None
) -> None:
    cause = cause_of(fault(reason))
    assert (cause.reason, cause.retry_after) == (rejected, seconds)


def test_what_a_call_that_had_to_come_first_met_leaves_no_outcome_unknown() -> None:
    cause = cause_of(fault(Reason.UNAVAILABLE, "InternalError", refused=False).in_product("esa"))
    assert (cause.reason, cause.vendor_code, cause.retry_after) == (RejectReason.UNAVAILABLE, "InternalError", 2)


def test_urls_too_long_for_a_gateway_are_not_to_be_sent_again() -> None:
    page = UpstreamFault(Reason.MALFORMED, product="cdn", without_effect=True, concerns=Concern.SIZE)
    assert (cause_of(page).reason, cause_of(page).retry_after) == (RejectReason.REJECTED, None)
