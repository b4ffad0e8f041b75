"""The server on the port, as Function Compute's custom runtime needs it."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

KEEP_ALIVE_SECONDS = 900
"""Function Compute keeps its connection to the server for 15 minutes (FC facts 3)."""
GRACE_SECONDS = 30
"""How long open requests may take to end after SIGTERM."""


class WebServer(uvicorn.Server):
    """Sends waiting callers away before it waits for their connections to close."""

    def __init__(self, config: uvicorn.Config, let_go: Callable[[], None]) -> None:
        """`let_go` ends all waiting."""
        super().__init__(config)
        self._let_go = let_go

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn when SIGTERM or SIGINT came."""
        self._let_go()
        await super().shutdown(sockets)


def web_server(app: Starlette, *, host: str, port: int, on_function_compute: bool) -> WebServer:
    """A server for the app of `functions.server.create_app`; port 0 takes any that is free."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        # Function Compute forbids functions to send these two (FC facts 2); a plain server owes its callers a date.
        server_header=False,
        date_header=not on_function_compute,
        ws="none",
    )
    return WebServer(config, app.state.let_go)
