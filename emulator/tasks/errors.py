"""Errors of the API gateway, and those that all task APIs share."""

from __future__ import annotations

from emulator.core.errors import ApiError, ErrorResponse, api_error

INVALID_PARAMETERS = ErrorResponse(400, "InvalidParameters", "The specified parameters are invalid.")
"""What the by-id pages document for any other bad value (docs/vendor.md 1.1, 1.4)."""
ACTION_NOT_FOUND = ErrorResponse(
    404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method."
)
"""An action that no product here knows, or a known one under a wrong version (docs/vendor.md 5.2)."""
BAD_REQUEST = ErrorResponse(400, "BadRequest", "The request is malformed.")


def missing_parameter(name: str) -> ApiError:
    """What the gateway says when a required parameter is absent (docs/vendor.md 5.2)."""
    return api_error(400, f"Missing{name}", f"{name} is mandatory for this action.")
