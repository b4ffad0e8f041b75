"""Where the access key comes from, read anew for every signature: keys rotate, clients and connections need not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from functions.logs.redaction import remember_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alibabacloud_credentials.models import CredentialModel


class AccessKey(msgspec.Struct, frozen=True):
    """An access key, with a security token when it is a temporary one."""

    access_key_id: str
    access_key_secret: str
    security_token: str | None = None

    def __repr__(self) -> str:
        """Nothing of it belongs in any text."""
        return "AccessKey(…)"


class CredentialSource:
    """The newest access key: the one Function Compute last sent in request headers, else that of the environment.

    In a running instance only the headers are known to be renewed (docs/function-compute.md 4.2): they win once
    seen. Implements the SDK's credential provider: `get_credential()` is called for every request it signs.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """`environ` is read at every signature, never copied."""
        self._environ = environ
        self._offered: AccessKey | None = None

    def offer(self, access_key_id: str, access_key_secret: str, security_token: str | None) -> None:
        """Use this access key from now on; ignored where a part of it is empty."""
        if access_key_id and access_key_secret:
            self._offered = AccessKey(access_key_id, access_key_secret, security_token or None)

    def newest(self) -> AccessKey:
        """The access key to sign with now; empty strings when there is none."""
        if self._offered is not None:
            return self._offered
        read = self._environ.get
        return AccessKey(
            read("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
            read("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
            read("ALIBABA_CLOUD_SECURITY_TOKEN") or None,
        )

    def get_credential(self) -> CredentialModel:
        """`newest()` in the SDK's form. Raises NoCredentials when there is nothing to sign with."""
        from alibabacloud_credentials.models import CredentialModel  # noqa: PLC0415 -- loaded by the SDK anyway

        key = self.newest()
        if not (key.access_key_id and key.access_key_secret):
            raise NoCredentials
        remember_secret(key.access_key_id, key.access_key_secret, key.security_token)
        return CredentialModel(
            access_key_id=key.access_key_id,
            access_key_secret=key.access_key_secret,
            security_token=key.security_token,
            type="sts" if key.security_token else "access_key",
        )


class NoCredentials(Exception):  # noqa: N818 -- it says what is missing
    """Raised when a call has to be signed and there is no access key."""

    def __init__(self) -> None:
        """The text says what to do."""
        super().__init__(
            "no credentials: give the function a role, or set ALIBABA_CLOUD_ACCESS_KEY_ID and _ACCESS_KEY_SECRET"
        )
