"""What is left to do when an answer has been sent, still within its request (docs/architecture.md 7)."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from functions.tasks.results import Tasks


class AfterAnswer:
    """Lets the tasks settle: the caller has the answer, and the line in the log is written."""

    def __init__(self, app: ASGIApp, *, tasks: Tasks) -> None:
        """It belongs outside of everything that measures or handles requests."""
        self._app = app
        self._tasks = tasks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        await self._app(scope, receive, send)
        if scope["type"] == "http":
            await self._tasks.settle()
