"""Nothing behind this runs for a caller who is not let in."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.api.auth.bearer import Authenticator
from functions.api.auth.claims import Grant

_GRANT = "task_status.grant"


class Authentication:
    """Puts the caller's grant into the request's scope."""

    def __init__(self, app: ASGIApp, *, authenticator: Authenticator) -> None:
        """`authenticator` decides."""
        self._app = app
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. Raises RequestRefused."""
        scope[_GRANT] = await self._authenticator.authenticate(Headers(scope=scope))
        await self._app(scope, receive, send)


def grant_of(scope: Scope) -> Grant:
    """What the caller of a request may see and do; only behind `Authentication`."""
    grant: Grant = scope[_GRANT]
    return grant
