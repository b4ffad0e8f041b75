"""Which requests Function Compute itself has marked, and with what (docs/function-compute.md 3.2).

Its gateway takes headers that begin with `x-fc-` from no caller (docs/function-compute.md 2.6). The port may also be
reachable in other ways, so a marked request must name the account that the environment names.
"""

from __future__ import annotations

import logging

import msgspec
from starlette.datastructures import Headers

from functions.logs import log_event

CONTROL_HEADER = "x-fc-control-path"
ACCOUNT_HEADER = "x-fc-account-id"


class PlatformIdentity(msgspec.Struct, frozen=True):
    """How requests of Function Compute are told: `account_id` is FC_ACCOUNT_ID, None where it is not known."""

    account_id: str | None = None

    def control_path(self, headers: Headers) -> str | None:
        """The path the platform means, such as `/invoke` or `/http-invoke`; None for a request it has not marked."""
        path = single(headers, CONTROL_HEADER)
        if path and self.account_id is not None and single(headers, ACCOUNT_HEADER) != self.account_id:
            # Should the platform ever leave the account out, events would be refused: the log must say so.
            log_event("request without the account's number refused", level=logging.WARNING, controlPath=path[:200])
            return None
        return path


def single(headers: Headers, name: str) -> str | None:
    """The value of a header that was sent once; None when it was not, or is empty."""
    values = headers.getlist(name)
    return values[0] if len(values) == 1 and values[0] else None
