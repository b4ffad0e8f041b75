"""Takes over the temporary credentials that Function Compute sends along with every request.

In an instance that lives long only these are known to be renewed (docs/function-compute.md 4.2).
"""

from __future__ import annotations

import logging

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.api.interfaces import CredentialSink
from functions.api.runtime.fc_requests import PlatformIdentity, single
from functions.logs import log_event

KEY_ID, SECRET, TOKEN = "x-fc-access-key-id", "x-fc-access-key-secret", "x-fc-security-token"


class Credentials:
    """Offers each complete triple of a request that Function Compute marked to `sink`; of others, none."""

    def __init__(self, app: ASGIApp, *, sink: CredentialSink, platform: PlatformIdentity) -> None:
        """Put this in the way of requests on Function Compute only."""
        self._app = app
        self._sink = sink
        self._platform = platform
        self._warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            self._take(Headers(scope=scope))
        await self._app(scope, receive, send)

    def _take(self, headers: Headers) -> None:
        if not {KEY_ID, SECRET, TOKEN} & set(headers):
            return
        key_id, secret, token = (single(headers, name) for name in (KEY_ID, SECRET, TOKEN))
        if key_id and secret and token and self._platform.control_path(headers):
            self._sink.offer(key_id, secret, token)
        elif not self._warned:
            self._warned = True
            log_event("credentials in headers refused", level=logging.WARNING)
