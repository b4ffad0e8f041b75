"""Authenticators: who is let in, by the bearer token in a request's headers (docs/contract.md 8.4)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from starlette.datastructures import Headers

from functions.api.auth.claims import Grant, grant_from
from functions.api.auth.jwks import KeySet, VerificationKey, key_source
from functions.api.problems import RequestRefused
from functions.settings import AuthSettings

LEEWAY_SECONDS = 30
"""How far the clocks of issuer and service may differ."""
MAX_TOKEN = 8_192
"""Function Compute takes 8 KB of request headers in all (docs/function-compute.md 2.5)."""
_MALFORMED = ("token-malformed", "It is not a JSON Web Token of this service.")
_REFUSALS = MappingProxyType(
    {
        "ExpiredSignatureError": ("token-expired", "Ask for a new token."),
        "ImmatureSignatureError": ("token-not-yet-valid", "Its nbf or iat lies in the future."),
        "InvalidSignatureError": ("token-signature", "It was changed, or signed with another key."),
        "InvalidAlgorithmError": ("token-algorithm", "It must be signed with the algorithm of the configured key."),
        "InvalidAudienceError": ("token-audience", "Its aud is not the configured audience."),
        "InvalidIssuerError": ("token-issuer", "Its iss is not the configured issuer."),
        "InvalidSubjectError": ("token-claims", "Its sub must be a string."),
        "InvalidJTIError": ("token-claims", "Its jti must be a string."),
        "exp": ("token-without-expiry", "It must have an exp."),
        "aud": ("token-audience", "It must have an aud."),
        "iss": ("token-issuer", "It must have an iss."),
    }
)
"""PyJWT's exception, or the required claim that is missing -> reason and detail."""


class Authenticator(Protocol):
    """Decides who is let in."""

    async def authenticate(self, headers: Headers) -> Grant:
        """What the sender of these headers may see and do. Raises RequestRefused."""


class AllowAll:
    """Lets everybody in."""

    async def authenticate(self, headers: Headers) -> Grant:  # noqa: ARG002 -- whoever it is
        """Everything, to anybody."""
        return Grant()


class DenyAll:
    """Lets nobody in, because no secret or key set is configured."""

    async def authenticate(self, headers: Headers) -> Grant:  # noqa: ARG002 -- whoever it is
        """Raises RequestRefused, saying what to set."""
        raise RequestRefused(
            "auth-not-configured",
            "Set TASK_STATUS_JWT_SECRET (32 bytes or more) or TASK_STATUS_JWKS, or TASK_STATUS_AUTH=none to let"
            " everybody in.",
        )


class BearerTokens:
    """Lets in whoever brings a JSON Web Token that is signed with a configured key, not expired and meant for us."""

    def __init__(self, auth: AuthSettings, keys: KeySet | None) -> None:
        """`keys` are needed when no secret is configured."""
        self._auth = auth
        self._keys = keys

    async def authenticate(self, headers: Headers) -> Grant:
        """What the token's claims give. Raises RequestRefused with one reason for each fault."""
        token = _token(headers)
        return grant_from(self._claims(token, await self._key(token)))

    async def _key(self, token: str) -> VerificationKey:
        """The key that must have signed it. It brings its own algorithms: those a token names prove nothing."""
        header = _header(token)
        if self._auth.jwt_secret and (self._keys is None or header.get("alg") == "HS256"):
            return VerificationKey(None, ("HS256",), self._auth.jwt_secret)
        assert self._keys is not None  # noqa: S101 -- authenticator_for: a secret, keys, or both
        return await self._keys.find(header.get("kid"))

    def _claims(self, token: str, key: VerificationKey) -> Mapping[str, Any]:
        import jwt  # noqa: PLC0415 -- loaded only where tokens are verified

        required = ["exp", *(["aud"] if self._auth.audience else []), *(["iss"] if self._auth.issuer else [])]
        try:
            return jwt.decode(
                token,
                key.key,
                algorithms=list(key.algorithms),
                audience=self._auth.audience,
                issuer=self._auth.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": required, "verify_aud": bool(self._auth.audience)},
            )
        except jwt.MissingRequiredClaimError as fault:
            raise RequestRefused(*_REFUSALS[fault.claim]) from None
        except jwt.PyJWTError as fault:
            raise RequestRefused(*_REFUSALS.get(type(fault).__name__, _MALFORMED)) from None
        # Numbers and texts that no claim can have, signed or not.
        except (ValueError, TypeError, ArithmeticError, RecursionError):
            raise RequestRefused(*_MALFORMED) from None


def authenticator_for(auth: AuthSettings) -> Authenticator:
    """Who is let in under these settings. Raises SettingsError when the key set's place cannot be used."""
    if auth.mode == "none":
        return AllowAll()
    if not auth.configured:
        return DenyAll()
    return BearerTokens(auth, KeySet(key_source(auth.jwks)) if auth.jwks else None)


def _token(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise RequestRefused("missing-token", "Send the header Authorization: Bearer <token>.")
    if len(token) > MAX_TOKEN:
        raise RequestRefused(*_MALFORMED)
    return token.strip()


def _header(token: str) -> Mapping[str, Any]:
    import jwt  # noqa: PLC0415 -- loaded only where tokens are verified

    try:
        return jwt.get_unverified_header(token)
    # The header is anybody's text and is decoded before anything is verified.
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise RequestRefused(*_MALFORMED) from None
