"""CORS, and why it is not a library's: Function Compute opens what the function leaves open.

An answer without Access-Control-Allow-Origin lets Function Compute reflect whatever origin asked, with credentials
(FC facts 2, CORS). Starlette's middleware sends none to an origin that is not listed. So every answer names one: the
origin that asked if it is listed, else the function's own, which opens nothing.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_EXPOSED = "ETag, Retry-After, X-Request-Id, Location, Server-Timing"
_SENDABLE = "Accept, Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID"
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": _SENDABLE,
    "Access-Control-Max-Age": "7200",
}


class Cors:
    """Answers OPTIONS, and names an allowed origin on every answer that passes."""

    def __init__(self, app: ASGIApp, *, origins: tuple[str, ...], behind_tls: bool) -> None:
        """`origins` are lower case; `behind_tls` says that callers speak HTTPS to a gateway in front of us."""
        self._app = app
        self._origins = frozenset(origins)
        self._behind_tls = behind_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        allowed = self._allowed(scope)

        async def send_with_origin(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = allowed
                headers["Access-Control-Expose-Headers"] = _EXPOSED
            await send(message)

        app = Response(status_code=204, headers=_PREFLIGHT) if scope["method"] == "OPTIONS" else self._app
        await app(scope, receive, send_with_origin)

    def _allowed(self, scope: Scope) -> str:
        origin = Headers(scope=scope).get("origin", "")
        return origin if origin.lower() in self._origins else self._own(scope)

    def _own(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        forwarded = headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
        scheme = "https" if self._behind_tls else str(scope.get("scheme", "http"))
        if forwarded in _DEFAULT_PORTS:
            scheme = forwarded
        host = headers.get("host", "").lower()
        # Anything else in the header's place could not be an origin, and browsers do not send it.
        return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS[scheme]) if _HOST.fullmatch(host) else 'localhost'}"
