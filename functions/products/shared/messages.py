"""What one instance tells the others when it has stored answers."""

from __future__ import annotations

import msgspec

from functions.errors import Reason, UpstreamFault


class SharedFault(msgspec.Struct, frozen=True, array_like=True):
    """A fault as other instances may know it: without the vendor's words."""

    reason: Reason
    vendor_code: str | None
    request_id: str | None
    retry_after: float | None

    def fault(self, product: str) -> UpstreamFault:
        """The fault as the sender had it."""
        return UpstreamFault(
            self.reason,
            product=product,
            vendor_code=self.vendor_code,
            request_id=self.request_id,
            retry_after=self.retry_after,
        )


class Message(msgspec.Struct, frozen=True, array_like=True):
    """`members` are under way no longer; those in `faults` got no answer. `sender` need not hear itself."""

    sender: str
    members: list[str]
    faults: dict[str, SharedFault]


encode_message = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Message).decode

_OF_ONE_CALLER = frozenset({Reason.DEADLINE, Reason.TIMEOUT})
"""Faults that tell of the time the sender had left: another instance may have more."""


def read_message(message: bytes) -> Message | None:
    """None for what no instance of this version sent."""
    try:
        return _decode(message)
    except msgspec.DecodeError:
        return None


def shared_fault(fault: UpstreamFault) -> SharedFault | None:
    """The fault as others may know it; None for one that is nobody else's."""
    if fault.reason in _OF_ONE_CALLER:
        return None
    return SharedFault(fault.reason, fault.vendor_code, fault.request_id, fault.retry_after)
