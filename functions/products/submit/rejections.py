"""What became of submitted URLs, and why they were rejected (docs/vendor.md 2 and 5.6)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from functions.errors import Concern, Reason, RejectReason, UpstreamFault
from functions.model import TaskKey
from functions.upstream import error_codes

_BY_REASON: Mapping[Reason, RejectReason] = MappingProxyType(
    {
        Reason.THROTTLED: RejectReason.THROTTLED,
        Reason.DEADLINE: RejectReason.DEADLINE,
        Reason.TIMEOUT: RejectReason.UNAVAILABLE,
        Reason.UNAVAILABLE: RejectReason.UNAVAILABLE,
        Reason.MALFORMED: RejectReason.UNAVAILABLE,
        Reason.DENIED: RejectReason.DENIED,
        Reason.BAD_CREDENTIALS: RejectReason.BAD_CREDENTIALS,
        Reason.NOT_ACTIVATED: RejectReason.NOT_ACTIVATED,
    }
)
"""For faults without a code of the vendor."""
_RETRY_AFTER: Mapping[RejectReason, float] = MappingProxyType(
    {RejectReason.THROTTLED: 1.0, RejectReason.DEADLINE: 2.0, RejectReason.UNAVAILABLE: 2.0}
)
"""Seconds, where neither the vendor nor the table of codes names a time."""
UNKNOWN_RETRY_SECONDS = 60.0
"""Seconds, after a rejection whose code or URL is unknown: it may be temporary."""


class RejectionCause(msgspec.Struct, frozen=True, kw_only=True):
    """Why URLs were rejected, and whom that concerns; None: not known.

    `retry_after` in seconds, None: not soon; `vendor_code` is the vendor's own.
    """

    reason: RejectReason
    vendor_code: str | None = None
    retry_after: float | None = None
    concerns: Concern | None = None


class Accepted(msgspec.Struct, frozen=True):
    """One vendor call that was accepted: its URLs and its tasks. Which URL is in which task, only a lookup tells."""

    object_paths: tuple[str, ...]
    tasks: tuple[TaskKey, ...]


class Refused(msgspec.Struct, frozen=True):
    """URLs that were not submitted, or not surely."""

    object_paths: tuple[str, ...]
    cause: RejectionCause


class Submitted(msgspec.Struct, frozen=True):
    """What became of a submission: each URL stands in one of the two. `calls` were made to the vendor."""

    accepted: tuple[Accepted, ...] = ()
    refused: tuple[Refused, ...] = ()
    calls: int = 0


def cause_of(fault: UpstreamFault) -> RejectionCause:
    """What the fault of a submit call means; unless the vendor surely did nothing, the outcome is unknown."""
    row = error_codes.find(fault.vendor_code, fault.detail) if fault.vendor_code else None
    if row is None and not fault.without_effect:
        return RejectionCause(reason=RejectReason.UNKNOWN_OUTCOME, vendor_code=fault.vendor_code)
    reason = _reason_of(fault, row)
    return RejectionCause(
        reason=reason,
        vendor_code=fault.vendor_code,
        retry_after=_retry_after(fault, row, reason),
        concerns=fault.concerns,
    )


def _reason_of(fault: UpstreamFault, row: error_codes.ErrorCode | None) -> RejectReason:
    # A code may stem from a call that had to come first, as for a key: then it leaves open what became of that one.
    if row is not None and (row.submit.certain or not fault.without_effect):
        return row.submit
    # A gateway's page says nothing of the URLs, unless they may be too long for it.
    if fault.concerns is Concern.SIZE:
        return RejectReason.REJECTED
    return _BY_REASON.get(fault.reason, RejectReason.REJECTED)


def _retry_after(fault: UpstreamFault, row: error_codes.ErrorCode | None, reason: RejectReason) -> float | None:
    if not reason.certain:
        return None
    if fault.retry_after is not None:
        return fault.retry_after
    if row is not None:
        return None if isinstance(row.retry, str) else row.retry
    return UNKNOWN_RETRY_SECONDS if fault.vendor_code else _RETRY_AFTER.get(reason)
