"""gzip for callers that accept it, where it pays."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipResponder
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.api.negotiation import accepts_gzip

MINIMUM_BYTES = 1_024
LEVEL = 5
"""Reports are repetitive: higher levels cost a multiple of the time for a per cent or two."""


class Compression:
    """Compresses bodies of at least 1 KB, never event streams.

    Starlette's responder without its middleware, which reads `gzip;q=0` as acceptance and overlooks `GZIP`.
    """

    def __init__(self, app: ASGIApp) -> None:
        """`app` is what may be compressed."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        wanted = scope["type"] == "http" and accepts_gzip(Headers(scope=scope).get("accept-encoding", ""))
        app = GZipResponder(self._app, MINIMUM_BYTES, compresslevel=LEVEL) if wanted else self._app
        await app(scope, receive, send)
