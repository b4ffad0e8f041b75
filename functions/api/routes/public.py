"""The open routes. They hold no data of the account; figures in detail need what `/v1` needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.auth.bearer import Authenticator
from functions.api.interfaces import HasFigures
from functions.api.parsing.raw import only_parameters
from functions.api.problems import RequestRefused
from functions.api.responses import json_response
from functions.tasks.query import EVERYTHING
from functions.tasks.results import Tasks

OPENAPI_PATH = Path(__file__).parent.parent.parent / "web" / "openapi.json"


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """The service is up; `figures` are what it counts, only when asked for with `verbose=1`."""

    status: str
    figures: Any = None


def open_routes(tasks: Tasks, authenticator: Authenticator, stopping: Callable[[], bool]) -> list[Route]:
    """`/healthz` and `/openapi.json`; `stopping` tells whether the process was told to end."""

    async def healthz(request: Request) -> Response:
        verbose = only_parameters(request.scope["query_string"], {"verbose": ("1",)})
        if stopping():
            raise RequestRefused("stopping", "This instance is about to end; ask another one.", retry_after=1)
        if not verbose:
            return json_response(Health("ok"))
        grant = await authenticator.authenticate(request.headers)
        if grant.scope.audience != EVERYTHING.audience:
            raise RequestRefused(
                "forbidden",
                "Figures are the whole account's: a token with `products`, `domains` or `accounts` may not see them.",
            )
        return json_response(Health("ok", tasks.figures() if isinstance(tasks, HasFigures) else ()))

    async def openapi(request: Request) -> Response:
        only_parameters(request.scope["query_string"], {})
        return Response(OPENAPI_PATH.read_bytes(), media_type="application/json")

    return [Route("/healthz", healthz, methods=["GET"]), Route("/openapi.json", openapi, methods=["GET"])]
