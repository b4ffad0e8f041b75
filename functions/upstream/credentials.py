"""Where the key comes from, asked anew for every signature: credentials rotate, clients and pools need not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alibabacloud_credentials.models import CredentialModel


class AccessKey(msgspec.Struct, frozen=True):
    """An access key, with a security token when it is a temporary one."""

    access_key_id: str
    access_key_secret: str
    security_token: str | None = None

    def __repr__(self) -> str:
        """No part of it belongs in any text."""
        return "Triple(…)"


class CredentialSource:
    """The newest triple: what Function Compute last sent in request headers, else what the environment holds now.

    In a living instance only the headers are known to be renewed (FC facts 4), so they win once seen. Implements the
    SDK's credential interface: it calls `get_credential()` for every request it signs.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """`environ` is read at every signature, never copied."""
        self._environ = environ
        self._offered: AccessKey | None = None

    def offer(self, access_key_id: str, access_key_secret: str, security_token: str | None) -> None:
        """Take over a triple that Function Compute sent along with a request."""
        if access_key_id and access_key_secret:
            self._offered = AccessKey(access_key_id, access_key_secret, security_token or None)

    def newest(self) -> AccessKey:
        """The triple to sign with now; empty strings when there is none, which the SDK reports as such."""
        if self._offered is not None:
            return self._offered
        read = self._environ.get
        return AccessKey(
            read("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
            read("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
            read("ALIBABA_CLOUD_SECURITY_TOKEN") or None,
        )

    def get_credential(self) -> CredentialModel:
        """The SDK's own form of `newest()`. Raises NoCredentials when there is nothing to sign with."""
        from alibabacloud_credentials.models import CredentialModel  # noqa: PLC0415 -- loaded by the SDK anyway

        triple = self.newest()
        if not (triple.access_key_id and triple.access_key_secret):
            raise NoCredentials
        return CredentialModel(
            access_key_id=triple.access_key_id,
            access_key_secret=triple.access_key_secret,
            security_token=triple.security_token,
            type="sts" if triple.security_token else "access_key",
        )


class NoCredentials(Exception):  # noqa: N818 -- it says what is missing
    """Raised when a call would have to be signed and there is no key."""

    def __init__(self) -> None:
        """One text, with what to do."""
        super().__init__(
            "no credentials: give the function a role, or set ALIBABA_CLOUD_ACCESS_KEY_ID and _ACCESS_KEY_SECRET"
        )
