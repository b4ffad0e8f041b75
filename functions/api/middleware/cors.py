"""Cross-origin requests (docs/contract.md 8.5).

To an answer without Access-Control-Allow-Origin Function Compute adds the origin that asked, with credentials
(docs/function-compute.md 2.7). Starlette's middleware sends none to an origin that is not listed. So every answer here
names one: the origin that asked if it is listed, else the function's own, which opens nothing.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_EXPOSED = "ETag, Retry-After, X-Request-Id, Location, Server-Timing"
_HEADERS = "Accept, Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Request-Id"
_HEADER_NAMES = re.compile(r"[A-Za-z0-9_, \t-]{1,1024}")


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

        app = self._preflight(scope) if scope["method"] == "OPTIONS" else self._app
        await app(scope, receive, send_with_origin)

    def _preflight(self, scope: Scope) -> Response:
        headers = Headers(scope=scope)
        asked = headers.get("access-control-request-headers", "")
        # Monitoring libraries add headers of their own (sentry-trace, baggage, traceparent); none is read here.
        more = (
            f", {asked}"
            if headers.get("origin", "").lower() in self._origins and _HEADER_NAMES.fullmatch(asked)
            else ""
        )
        allowed = {
            "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
            "Access-Control-Allow-Headers": _HEADERS + more,
            "Access-Control-Max-Age": "7200",
        }
        return Response(status_code=204, headers=allowed)

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
        # Browsers send no other form of Host.
        return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS[scheme]) if _HOST.fullmatch(host) else 'localhost'}"
