"""The server on the port, as Function Compute's custom runtime needs it."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

KEEP_ALIVE_SECONDS = 900
"""Function Compute keeps its connection to the server for 15 minutes (docs/function-compute.md 3.1)."""
GRACE_SECONDS = 30
"""How long open requests may take to end after SIGTERM."""


class WebServer(uvicorn.Server):
    """Ends waits before it waits for connections to close."""

    def __init__(self, config: uvicorn.Config, begin_shutdown: Callable[[], None]) -> None:
        """`begin_shutdown` ends all waits."""
        super().__init__(config)
        self._begin_shutdown = begin_shutdown

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn when SIGTERM or SIGINT came."""
        self._begin_shutdown()
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
        # Function Compute forbids these two (docs/function-compute.md 2.6); a plain server owes its callers a date.
        server_header=False,
        date_header=not on_function_compute,
        ws="none",
    )
    return WebServer(config, app.state.begin_shutdown)
