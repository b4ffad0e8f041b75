"""One operation of a vendor's API, as data: everything else about it is derived by the SDKs' own naming rules."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec


class OperationKind(StrEnum):
    """What an operation is for; rights are granted by it."""

    BY_ID = "by-id"
    LIST = "list"
    QUOTA = "quota"
    SUBMIT = "submit"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An RPC action of one product. `qps` is what the vendor allows the account, `rate_setting` overrides it."""

    product: str
    sdk_package: str
    action: str
    kind: OperationKind
    qps: float
    rate_setting: str | None = None

    @property
    def sdk_method(self) -> str:
        """The SDK's sync method that also takes runtime options."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.action).lower() + "_with_options"

    @property
    def request_model(self) -> str:
        """The SDK's request class."""
        return f"{self.action}Request"

    @property
    def response_model(self) -> str:
        """The SDK's response class."""
        return f"{self.action}Response"

    @property
    def ram_action(self) -> str:
        """The right to call it."""
        return f"{self.product}:{self.action}"
