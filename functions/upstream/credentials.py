"""Where the access key comes from, read anew for every signature: keys rotate, clients and connections need not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

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


class Credentials(Protocol):
    """What calls are signed with, one account's. Implements the SDK's credential provider."""

    async def prepare(self, deadline: float) -> None:
        """See to it that there is a key to sign with, by `deadline` (the loop's clock). Raises UpstreamFault."""

    def newest(self) -> AccessKey:
        """The access key to sign with now; empty strings when there is none."""

    def refused(self, key: AccessKey) -> bool:
        """The vendor refused this key: whether there is, or may be had, another one to try with."""

    def close(self) -> None:
        """Stop its threads; it may be called for each product that it signed for."""

    def get_credential(self) -> CredentialModel:
        """`newest()` in the SDK's form; called for every request it signs. Raises NoCredentials."""


class CredentialSource:
    """The newest access key: the one Function Compute last sent in request headers, else that of the environment.

    In a running instance only the headers are known to be renewed (docs/function-compute.md 4.2): they win once
    seen.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """`environ` is read at every signature, never copied."""
        self._environ = environ
        self._offered: AccessKey | None = None

    def offer(self, access_key_id: str, access_key_secret: str, security_token: str | None) -> None:
        """Use this access key from now on; ignored where a part of it is empty."""
        if access_key_id and access_key_secret:
            self._offered = AccessKey(access_key_id, access_key_secret, security_token or None)

    async def prepare(self, deadline: float) -> None:
        """The key is there, or nothing can be done about it."""

    def refused(self, key: AccessKey) -> bool:
        """Another one comes with the next request, not before."""
        del key
        return False

    def close(self) -> None:
        """It has none."""

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
        return credential_of(self.newest())


def credential_of(key: AccessKey) -> CredentialModel:
    """The key in the SDK's form; it is hidden in logs from now on. Raises NoCredentials when it is empty."""
    from alibabacloud_credentials.models import CredentialModel  # noqa: PLC0415 -- loaded by the SDK anyway

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
