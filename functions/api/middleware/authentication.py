"""Nothing behind this runs for a caller who is not let in."""

from __future__ import annotations

import msgspec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.api.auth.bearer import Authenticator
from functions.api.auth.claims import Grant
from functions.tasks.query import ANONYMOUS

_GRANT = "task_status.grant"
CALLER_ADDRESS = "task_status.caller_address"
"""In a request's scope: the caller's address as an HTTP event of Function Compute tells it; a header can be forged."""


class Authentication:
    """Puts the caller's grant into the request's scope."""

    def __init__(self, app: ASGIApp, *, authenticator: Authenticator) -> None:
        """`authenticator` decides."""
        self._app = app
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. Raises RequestRefused."""
        grant = await self._authenticator.authenticate(Headers(scope=scope))
        scope[_GRANT] = _named_by_address(grant, scope.get(CALLER_ADDRESS))
        await self._app(scope, receive, send)


def _named_by_address(grant: Grant, address: str | None) -> Grant:
    """Callers without a token have a budget each where Function Compute gives their address."""
    if address is None or grant.scope.caller != ANONYMOUS:
        return grant
    named = msgspec.structs.replace(grant.scope, caller=f"address:{address}")
    return msgspec.structs.replace(grant, scope=named)


def grant_of(scope: Scope) -> Grant:
    """What the caller of a request may see and do; only behind `Authentication`."""
    grant: Grant = scope[_GRANT]
    return grant
