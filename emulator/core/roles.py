"""RAM roles: which account each is in, and who may assume it."""

from __future__ import annotations

import secrets

import msgspec

from emulator.core.accounts import DEFAULT_ACCOUNT, AccessKey, Accounts
from emulator.core.errors import ApiError, ErrorResponse, api_error

UNKNOWN_ROLE = ErrorResponse(404, "EntityNotExist.Role", "The specified Role not exists.")
NOT_TRUSTED = ErrorResponse(
    403, "NoPermission", "You are not authorized to do this action. You should be authorized by RAM."
)


class Role(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A role of `account`, by its ARN; its trust policy names the accounts `trusts` and, maybe, an external id."""

    arn: str
    account: str
    trusts: tuple[str, ...] = (DEFAULT_ACCOUNT,)
    external_id: str | None = None
    max_seconds: int = 3_600


class Roles:
    """All roles. Thread-safe: changes replace the table whole."""

    def __init__(self, accounts: Accounts) -> None:
        """`accounts` accept the keys of whoever assumes a role. No role yet."""
        self._accounts = accounts
        self._roles: dict[str, Role] = {}

    def add(self, role: Role) -> None:
        """Add a role; one of the same ARN is replaced."""
        self._roles = {**self._roles, role.arn: role}

    def remove(self, arn: str) -> None:
        """Let a role be gone; keys that were given for it stay good, as they do for a role without its policies."""
        self._roles = {name: role for name, role in self._roles.items() if name != arn}

    def clear(self) -> None:
        """No roles."""
        self._roles = {}

    def assume(self, arn: str, caller: str, external_id: str | None, seconds: int, now: float) -> AccessKey:
        """A new key of the role's account for `caller`'s account, good for `seconds` from `now`. Raises ApiError."""
        role = self._roles.get(arn)
        if role is None:
            raise ApiError(UNKNOWN_ROLE)
        if caller not in role.trusts or (role.external_id is not None and external_id != role.external_id):
            raise ApiError(NOT_TRUSTED)
        if not 900 <= seconds <= role.max_seconds:  # noqa: PLR2004 -- the documented least
            message = f"The Min/Max value of DurationSeconds is 900/{role.max_seconds}."
            raise api_error(400, "InvalidParameter.DurationSeconds", message)
        key = AccessKey(
            f"STS.{secrets.token_hex(12)}",
            secrets.token_urlsafe(33),
            role.account,
            secrets.token_urlsafe(200),
            now + seconds,
        )
        self._accounts.add(key)
        return key
