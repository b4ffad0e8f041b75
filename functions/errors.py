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

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later without anybody changing anything."""
        return self in _RETRYABLE

    @property
    def decides(self) -> bool:
        """Whether this is an answer all the same: a product that is not activated has no tasks."""
        return self is Reason.NOT_ACTIVATED


_RETRYABLE = frozenset({Reason.THROTTLED, Reason.TIMEOUT, Reason.DEADLINE, Reason.UNAVAILABLE, Reason.MALFORMED})


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
    vendor surely did nothing, because the call never left this machine or was refused as a whole.
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


class StoreFault(TaskStatusError):  # noqa: N818 -- a fault of the store, not of this program
    """Raised when an operation of the store failed, or the store cannot be used; the text has no content of it."""
