"""Error responses in the vendor's terms, and the exception that carries one up to the handler."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class ErrorResponse(msgspec.Struct, frozen=True):
    """HTTP status, code and message of an error; `headers` are sent beside the usual ones.

    `details` are further members of the body, by name.
    """

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = NO_HEADERS
    details: Mapping[str, str] = NO_HEADERS


class ApiError(Exception):
    """Raised by whatever rejects a request."""

    def __init__(self, response: ErrorResponse) -> None:
        """`response` is what the client will read."""
        super().__init__(f"{response.status} {response.code}: {response.message}")
        self.response = response


def api_error(status: int, code: str, message: str) -> ApiError:
    """An ApiError with these figures."""
    return ApiError(ErrorResponse(status, code, message))
