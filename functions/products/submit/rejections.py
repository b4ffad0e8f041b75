"""What became of submitted URLs, and the stable reasons for which URLs are rejected (docs/vendor.md 2)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from functions.errors import Reason, UpstreamFault
from functions.model import TaskKey


class RejectReason(StrEnum):
    """Why URLs were not submitted; stable, clients branch and translate by it."""

    QUOTA_EXCEEDED = "quota-exceeded"
    """The day's quota of this kind does not suffice."""
    QUEUE_FULL = "queue-full"
    """The account has too many unfinished prefetches."""
    THROTTLED = "throttled"
    """The account's calls per second, or a domain's URLs per minute, are used up."""
    DEADLINE = "deadline"
    """The time allowed for the submission ran out before it was sent."""
    UNAVAILABLE = "unavailable"
    """The vendor could not be reached."""
    INVALID_OBJECT_PATH = "invalid-object-path"
    """Not a URL that can be submitted."""
    DOMAIN_NOT_FOUND = "domain-not-found"
    """The domain is not one of the account's."""
    OVER_LIMIT = "over-limit"
    """Too much for one call, although split."""
    OBJECT_TYPE_UNSUPPORTED = "object-type-unsupported"
    """The product has no such kind of refresh."""
    REJECTED = "rejected"
    """The vendor refused the parameters."""
    DENIED = "denied"
    """The credentials lack the right to submit."""
    BAD_CREDENTIALS = "bad-credentials"
    """No credentials, or the vendor does not accept them."""
    NOT_ACTIVATED = "not-activated"
    """The account has not opened this product."""
    UNKNOWN_OUTCOME = "unknown-outcome"
    """It was sent and no readable answer came: it may have been submitted. Look for its tasks before repeating it."""

    @property
    def certain(self) -> bool:
        """Whether surely nothing was submitted."""
        return self is not RejectReason.UNKNOWN_OUTCOME

    @property
    def retryable(self) -> bool:
        """Whether the same may be accepted later without anybody changing anything."""
        return self in _RETRYABLE

    @property
    def concerns_all(self) -> bool:
        """Whether whatever else is submitted now would meet the same."""
        return self in _CONCERNS_ALL

    @property
    def may_concern_one(self) -> bool:
        """Whether one URL may have spoilt a call for the others in it."""
        return self in _MAY_CONCERN_ONE


_RETRYABLE = frozenset(
    {
        RejectReason.QUOTA_EXCEEDED,
        RejectReason.QUEUE_FULL,
        RejectReason.THROTTLED,
        RejectReason.DEADLINE,
        RejectReason.UNAVAILABLE,
    }
)
_CONCERNS_ALL = frozenset(
    {
        RejectReason.QUOTA_EXCEEDED,
        RejectReason.QUEUE_FULL,
        RejectReason.DENIED,
        RejectReason.BAD_CREDENTIALS,
        RejectReason.NOT_ACTIVATED,
    }
)
_MAY_CONCERN_ONE = frozenset(
    {
        RejectReason.INVALID_OBJECT_PATH,
        RejectReason.DOMAIN_NOT_FOUND,
        RejectReason.OVER_LIMIT,
        RejectReason.REJECTED,
    }
)
_BY_CODE: tuple[tuple[str, RejectReason], ...] = (
    ("QuotaExceeded", RejectReason.QUOTA_EXCEEDED),
    ("PreloadQueueFull", RejectReason.QUEUE_FULL),
    ("SingleRequest.OverLimit", RejectReason.OVER_LIMIT),
    ("InvalidObjectPath.ExceedsMaximum", RejectReason.OVER_LIMIT),
    ("InvalidObjectPath.Size", RejectReason.OVER_LIMIT),
    ("InvalidObjectPath", RejectReason.INVALID_OBJECT_PATH),
    ("InvalidExtensiveDomain", RejectReason.INVALID_OBJECT_PATH),
    ("InvalidDomain", RejectReason.DOMAIN_NOT_FOUND),
    ("InvalidObjectType", RejectReason.OBJECT_TYPE_UNSUPPORTED),
)
"""By the beginning of the vendor's code, first match; the HTTP status differs between products (docs/vendor.md 2)."""
_BY_REASON: Mapping[Reason, RejectReason] = MappingProxyType(
    {
        Reason.THROTTLED: RejectReason.THROTTLED,
        Reason.DEADLINE: RejectReason.DEADLINE,
        Reason.TIMEOUT: RejectReason.UNAVAILABLE,
        Reason.UNAVAILABLE: RejectReason.UNAVAILABLE,
        Reason.DENIED: RejectReason.DENIED,
        Reason.BAD_CREDENTIALS: RejectReason.BAD_CREDENTIALS,
        Reason.NOT_ACTIVATED: RejectReason.NOT_ACTIVATED,
    }
)
_RETRY_AFTER: Mapping[RejectReason, float] = MappingProxyType(
    {
        RejectReason.THROTTLED: 1.0,
        RejectReason.DEADLINE: 2.0,
        RejectReason.UNAVAILABLE: 2.0,
        RejectReason.QUEUE_FULL: 60.0,  # prefetches take 5 to 30 minutes (docs/vendor.md 2): it empties slowly
    }
)
"""Seconds, where the vendor named none. A used-up quota comes back the next day."""


class RejectionCause(msgspec.Struct, frozen=True, kw_only=True):
    """Why some URLs were not submitted. `retry_after` in seconds, None: not soon; `vendor_code` is the vendor's own."""

    reason: RejectReason
    vendor_code: str | None = None
    retry_after: float | None = None


class Accepted(msgspec.Struct, frozen=True):
    """One vendor call that was accepted: its URLs and its tasks. Which URL is in which task, only a lookup tells."""

    object_paths: tuple[str, ...]
    tasks: tuple[TaskKey, ...]


class Refused(msgspec.Struct, frozen=True):
    """URLs that were not submitted, or not surely."""

    object_paths: tuple[str, ...]
    refusal: RejectionCause


class Submitted(msgspec.Struct, frozen=True):
    """What became of a submission: each URL stands in one of the two. `calls` were made to the vendor."""

    accepted: tuple[Accepted, ...] = ()
    refused: tuple[Refused, ...] = ()
    calls: int = 0


def refusal_of(fault: UpstreamFault) -> RejectionCause:
    """What a fault of a submit call means; unless the vendor surely did nothing, the outcome is unknown."""
    named = next((reason for code, reason in _BY_CODE if (fault.vendor_code or "").startswith(code)), None)
    if named is None and not fault.without_effect:
        return RejectionCause(reason=RejectReason.UNKNOWN_OUTCOME, vendor_code=fault.vendor_code)
    reason = named or _BY_REASON.get(fault.reason, RejectReason.REJECTED)
    retry_after = fault.retry_after or _RETRY_AFTER.get(reason)
    return RejectionCause(reason=reason, vendor_code=fault.vendor_code, retry_after=retry_after)
