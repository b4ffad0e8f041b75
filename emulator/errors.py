"""How the vendor says no: a Refusal holds the figures of its error body, an ApiError carries one up to the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Refusal(msgspec.Struct, frozen=True):
    """HTTP status, code and message of an error body; `headers` are sent beside the usual ones."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = NO_HEADERS


class ApiError(Exception):
    """Raised by whatever refuses a call."""

    def __init__(self, refusal: Refusal) -> None:
        """`refusal` is what the client will read."""
        super().__init__(f"{refusal.status} {refusal.code}: {refusal.message}")
        self.refusal = refusal


INVALID_PARAMETERS = Refusal(400, "InvalidParameters", "The specified parameters are invalid.")
"""What the by-id pages document for any other bad value (facts 1.1, 1.4)."""
ACTION_NOT_FOUND = Refusal(
    404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method."
)
"""An action that no product here knows, or a known one under a wrong version (facts 5.2)."""
INTERNAL_ERROR = Refusal(
    500, "InternalError", "The request processing has failed due to some unknown error, exception or failure."
)


def refused(status: int, code: str, message: str) -> ApiError:
    """A refusal, ready to be raised."""
    return ApiError(Refusal(status, code, message))


def missing(parameter: str) -> ApiError:
    """What the gateway says when a required parameter is absent (facts 5.2)."""
    return refused(400, f"Missing{parameter}", f"{parameter} is mandatory for this action.")
