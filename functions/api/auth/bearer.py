"""Who may ask: a bearer token's claims become the scope of the question (design part 4, "Who may ask")."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.api.auth.jwks import KeySet, key_source
from functions.api.problems import RequestRefused
from functions.settings import AuthSettings
from functions.tasks.query import EVERYTHING
from functions.tasks.query import Scope as TaskScope

if TYPE_CHECKING:
    from jwt import PyJWK

LEEWAY_SECONDS = 30
MAX_TOKEN = 8_192
"""Function Compute takes 8 KB of request headers in all (FC facts 2, limits)."""
_GRANT = "task_status.grant"
_DOMAIN = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_FAULTS = MappingProxyType(
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

    async def admit(self, headers: Headers) -> TaskScope:
        """What the sender of these headers may see and do. Raises RequestRefused."""


class AllowAll:
    """Lets everybody in."""

    async def admit(self, headers: Headers) -> TaskScope:  # noqa: ARG002 -- whoever it is
        """Everything, to anybody."""
        return EVERYTHING


class DenyAll:
    """Lets nobody in, because nothing is configured to tell people apart by."""

    async def admit(self, headers: Headers) -> TaskScope:  # noqa: ARG002 -- whoever it is
        """Raises RequestRefused, saying what to set."""
        raise RequestRefused(
            "auth-not-configured",
            "Set TASK_STATUS_JWT_SECRET (32 bytes or more) or TASK_STATUS_JWKS, or TASK_STATUS_AUTH=none to let"
            " everybody in.",
        )


class BearerTokens:
    """Lets in who brings a JSON Web Token that is signed by a configured key, has not expired and is meant for us."""

    def __init__(self, auth: AuthSettings, keys: KeySet | None) -> None:
        """`keys` are needed when no secret is configured."""
        self._auth = auth
        self._keys = keys

    async def admit(self, headers: Headers) -> TaskScope:
        """What the token's claims give. Raises RequestRefused with one reason for each fault."""
        token = _token(headers)
        key, algorithm = await self._key(token)
        claims = self._claims(token, key, algorithm)
        return scope_of(claims)

    async def _key(self, token: str) -> tuple[PyJWK | str, str]:
        """The key that must have signed it, and the one algorithm of that key: never what the token says."""
        header = _header(token)
        if self._auth.jwt_secret and (self._keys is None or header.get("alg") == "HS256"):
            return self._auth.jwt_secret, "HS256"
        assert self._keys is not None  # noqa: S101 -- admission_by: a secret, keys, or both
        key = await self._keys.find(header.get("kid"))
        return key, str(key.algorithm_name)

    def _claims(self, token: str, key: PyJWK | str, algorithm: str) -> Mapping[str, Any]:
        import jwt  # noqa: PLC0415 -- loaded only where tokens are checked

        required = ["exp", *(["aud"] if self._auth.audience else []), *(["iss"] if self._auth.issuer else [])]
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._auth.audience,
                issuer=self._auth.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": required, "verify_aud": bool(self._auth.audience)},
            )
        except jwt.MissingRequiredClaimError as fault:
            raise RequestRefused(*_FAULTS[fault.claim]) from None
        except jwt.PyJWTError as fault:
            raise RequestRefused(*_FAULTS.get(type(fault).__name__, _MALFORMED)) from None


_MALFORMED = ("token-malformed", "It is not a JSON Web Token of this service.")


def admission_by(auth: AuthSettings) -> Authenticator:
    """Who is let in under these settings. Raises SettingsError when the key set's place cannot be used."""
    if auth.mode == "none":
        return AllowAll()
    if not (auth.jwt_secret or auth.jwks):
        return DenyAll()
    return BearerTokens(auth, KeySet(key_source(auth.jwks)) if auth.jwks else None)


def scope_of(claims: Mapping[str, Any]) -> TaskScope:
    """The scope in a token's claims: absent means all, an empty list none. Raises RequestRefused (`token-claims`)."""
    domains = _claim(claims, "domains")
    if domains is not None:
        domains = frozenset(domain.lower() for domain in domains)
        if not all(_DOMAIN.fullmatch(domain) for domain in domains):
            raise RequestRefused("token-claims", "Each of its domains must be exact or like *.example.com.")
    return TaskScope(
        products=_claim(claims, "products"),
        domains=domains,
        actions=_claim(claims, "actions"),
        caller=_caller(claims),
    )


def _caller(claims: Mapping[str, Any]) -> str:
    """Who the claims speak of: the issuer's subject, else all claims that a renewed token keeps."""
    lasting = {name: value for name, value in claims.items() if name not in {"exp", "iat", "nbf", "jti"}}
    if "sub" in claims:
        lasting = {name: claims[name] for name in ("iss", "sub") if name in claims}
    # JSON's escapes hold what UTF-8 cannot: a claim may contain a lone surrogate.
    return hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()


def _claim(claims: Mapping[str, Any], name: str) -> frozenset[str] | None:
    if name not in claims:
        return None
    try:
        return msgspec.convert(claims[name], frozenset[str])
    except msgspec.ValidationError:
        raise RequestRefused("token-claims", f"Its {name} must be a list of strings.") from None


def _token(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise RequestRefused("missing-token", "Send the header Authorization: Bearer <token>.")
    if len(token) > MAX_TOKEN:
        raise RequestRefused(*_MALFORMED)
    return token.strip()


def _header(token: str) -> Mapping[str, Any]:
    import jwt  # noqa: PLC0415 -- loaded only where tokens are checked

    try:
        return jwt.get_unverified_header(token)
    # The header is anybody's text and is decoded before anything is verified.
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise RequestRefused(*_MALFORMED) from None


class Authorization:
    """Stands before all that holds data: nothing behind it runs for who is not let in."""

    def __init__(self, app: ASGIApp, *, admission: Authenticator) -> None:
        """`admission` decides."""
        self._app = app
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. Raises RequestRefused."""
        scope[_GRANT] = await self._admission.admit(Headers(scope=scope))
        await self._app(scope, receive, send)


def granted(scope: Scope) -> TaskScope:
    """What the sender of a request may see and do; only behind `Authorization`."""
    found: TaskScope = scope[_GRANT]
    return found
