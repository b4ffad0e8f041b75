"""One operation of a vendor's API as data; the names in its SDK follow from the SDKs' naming rules."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec


class OperationKind(StrEnum):
    """What an operation does; packager/policies.py grants rights by it."""

    BY_ID = "by-id"
    LIST = "list"
    QUOTA = "quota"
    SUBMIT = "submit"
    CREDENTIALS = "credentials"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An RPC action of one product.

    `qps` is the calls a second that the vendor allows the whole account; `rate_setting` names the environment variable
    that overrides it: `TASK_STATUS_<rate_setting>_QPS`.
    """

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
        """The RAM action that permits it (docs/vendor.md 5.5)."""
        return f"{self.product}:{self.action}"
