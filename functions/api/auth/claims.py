"""What a verified token allows: its claims become a grant (docs/contract.md 8.4)."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from functions.accounts import OWN
from functions.api.problems import RequestRefused
from functions.model import in_account
from functions.tasks.query import ANONYMOUS_SCOPE, Scope

MAX_EXPIRY = 100_000_000_000
"""Unix seconds, in the year 5138: a larger `exp` was written in milliseconds and would never expire."""
_DOMAIN = re.compile(r"(\*?\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_Words = frozenset[Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,253}\Z")]]
_RENEWED = frozenset({"exp", "iat", "nbf", "jti"})
"""Claims that differ in a renewed token of the same caller."""


class Grant(msgspec.Struct, frozen=True):
    """What a caller may see and do, until `expires_at` (Unix seconds)."""

    scope: Scope = ANONYMOUS_SCOPE
    expires_at: float = math.inf


def grant_from(claims: Mapping[str, Any]) -> Grant:
    """The grant in the claims of a token that has been verified. Raises RequestRefused (`token-claims`)."""
    expires_at = int(claims["exp"])
    if expires_at > MAX_EXPIRY:
        raise RequestRefused("token-claims", "Its exp must be in seconds; this one is in milliseconds or beyond.")
    return Grant(scope_from(claims), expires_at)


def scope_from(claims: Mapping[str, Any]) -> Scope:
    """The scope: an absent claim means all, an empty list none. Raises RequestRefused (`token-claims`)."""
    domains = _words(claims, "domains")
    if domains is not None:
        domains = frozenset(domain.lower() for domain in domains)
        if not all(_DOMAIN.fullmatch(domain) for domain in domains):
            raise RequestRefused("token-claims", "Each of its domains must be exact or like *.example.com.")
    accounts = _words(claims, "accounts")
    return Scope(
        products=_products(_words(claims, "products"), accounts),
        domains=domains,
        accounts=accounts,
        actions=_words(claims, "actions"),
        caller=caller_from(claims),
    )


def _products(words: frozenset[str] | None, accounts: frozenset[str] | None) -> frozenset[str] | None:
    """Names as in ids: a bare product is that of each of the accounts named, else of the function's own only."""
    if words is None:
        return None
    places = (OWN,) if accounts is None else accounts
    bare = (word for word in words if "/" not in word)
    named = {in_account(None if place == OWN else place, word) for word in bare for place in places}
    return frozenset({*named, *(word for word in words if "/" in word)})


def caller_from(claims: Mapping[str, Any]) -> str:
    """Who the claims speak of, as a hash: the issuer's subject, else everything that a renewed token keeps."""
    names = {"iss", "sub"} if "sub" in claims else claims.keys() - _RENEWED
    kept = {name: claims[name] for name in names if name in claims}
    # The json module escapes lone surrogates, which UTF-8 cannot hold and a claim may contain.
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _words(claims: Mapping[str, Any], name: str) -> frozenset[str] | None:
    if name not in claims:
        return None
    try:
        return msgspec.convert(claims[name], _Words)
    # Wording its own error, msgspec fails on a lone surrogate.
    except (msgspec.ValidationError, UnicodeEncodeError):
        raise RequestRefused("token-claims", f"Its {name} must be a list of words.") from None
