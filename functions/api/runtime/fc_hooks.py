"""Function Compute's own paths. They exist only there, and only for Function Compute itself.

Callers cannot send headers that begin with `x-fc-` (FC facts 2 and 3); whoever has `x-fc-control-path` is the platform.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from functions.api.middleware.observe import problem_for
from functions.api.protocols import EventHandler
from functions.api.responses import json_response

CONTROL_HEADER = "x-fc-control-path"
FAILED = {"x-fc-status": "404"}
"""Without it the invocation counts as a success whatever the HTTP status, and is not tried again (FC facts 3)."""


class ControlRoute(Route):
    """A route that is not there for anybody but the platform."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """No match, hence a 404, unless the platform says that it means this path."""
        if scope["type"] == "http" and Headers(scope=scope).get(CONTROL_HEADER) != self.path:
            return Match.NONE, {}
        return super().matches(scope)


def invoke_route(events: EventHandler) -> Route:
    """`POST /invoke`: an event, as the bytes that the trigger made."""

    async def invoke(request: Request) -> Response:
        try:
            answer = await events.handle(await request.body())
        except Exception as fault:  # noqa: BLE001 -- whatever it was, the platform must learn that it failed
            response = problem_for(request.scope, fault).response()
            response.headers.update(FAILED)
            return response
        headers = FAILED if answer.failed else None
        return Response(answer.body, headers=headers, media_type="application/json")

    return ControlRoute("/invoke", invoke, methods=["POST"])


def pre_stop_route(stop: Callable[[], Awaitable[None]]) -> Route:
    """`GET /pre-stop`: the last call before the instance goes."""

    async def pre_stop(_: Request) -> Response:
        await stop()
        return json_response({"status": "stopped"})

    return ControlRoute("/pre-stop", pre_stop, methods=["GET"])
