"""All exceptions of this package, as one tree.

    TaskStatusError
    ├── SettingsError        the environment cannot be used: the start is stopped with one line
    ├── InvalidRequest       the caller's request has faults: all of them, not only the first
    ├── UpstreamFault        a product did not answer one call, with a reason
    └── StoreFault           an operation of the store of changed objects failed

Texts are English prose for people; programs branch on `Reason`. No text here ever holds a key, a token or a
signature: the SDK's own messages and reprs do (docs/vendor.md 7.6), so they are never copied in.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Reason(StrEnum):
    """Why a product did not answer; stable, clients branch and translate by it (docs/contract.md)."""

    THROTTLED = "throttled"
    """The account's calls per second are used up."""
    DENIED = "denied"
    """The credentials lack the right to call this operation."""
    BAD_CREDENTIALS = "bad-credentials"
    """No credentials, or the vendor does not accept them."""
    REJECTED = "rejected"
    """The vendor refused the parameters."""
    TIMEOUT = "timeout"
    """The vendor did not answer in time."""
    DEADLINE = "deadline"
    """The time allowed for the whole request ran out before the vendor was called."""
    UNAVAILABLE = "unavailable"
    """The vendor could not be reached or had an internal error."""
    MALFORMED = "malformed"
    """The vendor's answer was not understood."""
    NOT_ACTIVATED = "not-activated"
    """The account has not opened this product, so it holds no tasks."""
    HISTORY_UNAVAILABLE = "history-unavailable"
    """The store, which older tasks are read from, did not answer."""

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later without anybody changing anything."""
        return self in _RETRYABLE

    @property
    def decides(self) -> bool:
        """Whether this is an answer all the same: a product that is not activated has no tasks."""
        return self is Reason.NOT_ACTIVATED


_RETRYABLE = frozenset(
    {
        Reason.THROTTLED,
        Reason.TIMEOUT,
        Reason.DEADLINE,
        Reason.UNAVAILABLE,
        Reason.MALFORMED,
        Reason.HISTORY_UNAVAILABLE,
    }
)


class RejectReason(StrEnum):
    """Why URLs were not submitted; stable, clients branch and translate by it."""

    QUOTA_EXCEEDED = "quota-exceeded"
    """The day's quota of this kind does not suffice."""
    QUOTA_RESERVED = "quota-reserved"
    """What is left of the day's quota is kept for others (`TASK_STATUS_KEEP_QUOTA`)."""
    QUOTA_UNKNOWN = "quota-unknown"
    """What is left of the day's quota could not be found out, and a share of it must be kept."""
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
        return self in _REJECT_RETRYABLE


_REJECT_RETRYABLE = frozenset(
    {
        RejectReason.QUOTA_EXCEEDED,
        RejectReason.QUOTA_RESERVED,
        RejectReason.QUOTA_UNKNOWN,
        RejectReason.QUEUE_FULL,
        RejectReason.THROTTLED,
        RejectReason.DEADLINE,
        RejectReason.UNAVAILABLE,
    }
)


class Concern(StrEnum):
    """Whom an error code of the vendor concerns (docs/vendor.md 5.6)."""

    ITEM = "item"
    """One id or URL: split the call to find it."""
    SIZE = "size"
    """Too many ids or URLs in one call: split it."""
    DOMAIN = "domain"
    """The URLs of one domain."""
    CALL = "call"
    """The call as it was made."""
    ACCOUNT = "account"
    """Every call of the account."""


class TaskStatusError(Exception):
    """Raised by this package; the root of the tree."""


class SettingsError(TaskStatusError):
    """Raised when an environment variable cannot be used; the text is one line with an example."""


class ParameterFault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of one parameter of a request."""

    parameter: str
    value: str | None
    detail: str


class InvalidRequest(TaskStatusError):  # noqa: N818 -- named for what it is, as HTTP does
    """Raised when a request has faults; has all of them."""

    def __init__(self, faults: tuple[ParameterFault, ...], reason: str = "invalid-request") -> None:
        """`reason` is the problem document's; `faults` has at least one entry."""
        super().__init__("; ".join(f"{fault.parameter}: {fault.detail}" for fault in faults))
        self.faults = faults
        self.reason = reason


class UpstreamFault(TaskStatusError):  # noqa: N818 -- a fault of the vendor, not of this program
    """Raised when a call to a product gave no answer.

    `retry_after` is in seconds, None when the vendor named no time; `vendor_code` and `request_id` are the vendor's
    own words, None when it gave none; `detail` is the vendor's message and goes to the log only. `without_effect`: the
    vendor surely did nothing, because the call never left this machine or was refused as a whole. `concerns` is None
    when that is not known. `other_key`: the call may succeed at once, signed with another access key.
    """

    def __init__(  # noqa: PLR0913 -- members, each by name
        self,
        reason: Reason,
        *,
        product: str,
        detail: str = "",
        vendor_code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        without_effect: bool = False,
        concerns: Concern | None = None,
    ) -> None:
        """Keep the members apart from the text: no program parses the text."""
        super().__init__(f"{product}: {reason}" + (f" ({vendor_code})" if vendor_code else ""))
        self.reason = reason
        self.product = product
        self.detail = detail
        self.vendor_code = vendor_code
        self.request_id = request_id
        self.retry_after = retry_after
        self.without_effect = without_effect
        self.concerns = concerns
        self.other_key = False

    def in_product(self, product: str) -> UpstreamFault:
        """The fault as that of a product whose call was not made because of it."""
        return UpstreamFault(
            self.reason,
            product=product,
            detail=self.detail,
            vendor_code=self.vendor_code,
            request_id=self.request_id,
            retry_after=self.retry_after,
            without_effect=True,
            concerns=self.concerns,
        )

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later; an unknown code of the vendor is no verdict."""
        unknown_code = self.vendor_code is not None and self.concerns is None
        return self.reason.retryable or (self.reason is Reason.REJECTED and unknown_code)


class StoreFault(TaskStatusError):  # noqa: N818 -- a fault of the store, not of this program
    """Raised when an operation of the store failed, or the store cannot be used; the text has no content of it."""
