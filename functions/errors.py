"""Everything that can go wrong, as one tree.

    TaskStatusError
    ├── SettingsError        the environment cannot be used: the start is stopped with one line
    ├── InvalidRequest       the caller's question has faults: all of them, not only the first
    ├── UpstreamFault        a product could not answer one call, with a reason from a closed list
    └── StoreFault           the store of changed objects could not do what it was asked

Texts are English prose for people; programs branch on `Reason`. No text here ever holds a key, a token or a
signature: the SDK's own messages and reprs do (facts 7.6), so they are never copied in.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Reason(StrEnum):
    """Why a product did not answer; stable, clients branch and translate by it (design part 4)."""

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
    """The time allowed for the whole question ran out before the vendor was reached."""
    UNAVAILABLE = "unavailable"
    """The vendor could not be reached or had an internal error."""
    MALFORMED = "malformed"
    """The vendor's answer was not understood."""
    NOT_ACTIVATED = "not-activated"
    """The account has not opened this product, so it holds no tasks."""

    @property
    def retryable(self) -> bool:
        """Whether the same question may be answered later without anybody changing anything."""
        return self in _RETRYABLE

    @property
    def decides(self) -> bool:
        """Whether this is an answer after all: a product that is not activated has no tasks."""
        return self is Reason.NOT_ACTIVATED


_RETRYABLE = frozenset({Reason.THROTTLED, Reason.TIMEOUT, Reason.DEADLINE, Reason.UNAVAILABLE, Reason.MALFORMED})


class TaskStatusError(Exception):
    """Raised by this package; the root of the tree."""


class SettingsError(TaskStatusError):
    """Raised when an environment variable cannot be used; the text is one line with an example."""


class ParameterFault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with one parameter of a question."""

    parameter: str
    value: str | None
    detail: str


class InvalidRequest(TaskStatusError):  # noqa: N818 -- named for what it is, as HTTP does
    """Raised when a question has faults; carries every one of them."""

    def __init__(self, faults: tuple[ParameterFault, ...], reason: str = "invalid-request") -> None:
        """`reason` is the stable word of the answer, `faults` has at least one entry."""
        super().__init__("; ".join(f"{fault.parameter}: {fault.detail}" for fault in faults))
        self.faults = faults
        self.reason = reason


class UpstreamFault(TaskStatusError):  # noqa: N818 -- a fault of the vendor, not of this program
    """Raised when one call to a product gave no answer.

    `retry_after` is in seconds, None when the vendor named no time; `vendor_code` and `request_id` are the vendor's
    own words, None when it gave none; `detail` is the vendor's clean text and goes to the log only. `void` tells that
    the vendor surely did nothing: the call never left this machine, or was refused as a whole.
    """

    def __init__(  # noqa: PLR0913 -- the facts of a fault, each by name
        self,
        reason: Reason,
        *,
        product: str,
        detail: str = "",
        vendor_code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        void: bool = False,
    ) -> None:
        """Keep the facts apart from the text: nothing parses the text."""
        super().__init__(f"{product}: {reason}" + (f" ({vendor_code})" if vendor_code else ""))
        self.reason = reason
        self.product = product
        self.detail = detail
        self.vendor_code = vendor_code
        self.request_id = request_id
        self.retry_after = retry_after
        self.void = void


class StoreFault(TaskStatusError):  # noqa: N818 -- a fault of the store, not of this program
    """Raised when the store could not do what it was asked, or is not one that can be used; no content in the text."""
