"""Function Compute's own paths (docs/function-compute.md 3.3). For any other caller they do not exist."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from functions.api.interfaces import EventHandler
from functions.api.middleware.errors import problem_for
from functions.api.responses import json_response
from functions.api.runtime.fc_requests import PlatformIdentity

Handler = Callable[[Request], Awaitable[Response]]
FAILED = {"x-fc-status": "404"}
"""Without it the invocation counts as a success whatever the HTTP status (docs/function-compute.md 3.4)."""


class ControlRoute(Route):
    """A route for requests that Function Compute has marked with its path."""

    def __init__(self, path: str, endpoint: Handler, *, methods: list[str], platform: PlatformIdentity) -> None:
        """`platform` tells which requests are its own."""
        super().__init__(path, endpoint, methods=methods)
        self._platform = platform

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """No match, hence a 404, for any other request."""
        if scope["type"] == "http" and self._platform.control_path(Headers(scope=scope)) != self.path:
            return Match.NONE, {}
        return super().matches(scope)


def invoke_route(events: EventHandler, platform: PlatformIdentity) -> ControlRoute:
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

    return ControlRoute("/invoke", invoke, methods=["POST"], platform=platform)


def pre_stop_route(release: Callable[[], None], platform: PlatformIdentity) -> ControlRoute:
    """`GET /pre-stop`: the instance is about to be taken away, so `release` sends away the callers who wait.

    The service stays open until the process is told to end: whoever else might have sent this has stopped nothing.
    """

    async def pre_stop(_: Request) -> Response:
        release()
        return json_response({"status": "released"})

    return ControlRoute("/pre-stop", pre_stop, methods=["GET"], platform=platform)
