"""The open routes. They hold no data of the account; what they tell in detail needs what `/v1` needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.auth.bearer import Authenticator
from functions.api.protocols import HasFigures
from functions.api.responses import json_response
from functions.tasks.results import Tasks

OPENAPI_PATH = Path(__file__).parent.parent / "web" / "openapi.json"


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """The service is up; `figures` are what it counts, only when asked for with `verbose=1`."""

    status: str
    figures: Any = None


def open_routes(tasks: Tasks, admission: Authenticator) -> list[Route]:
    """`/healthz` and `/openapi.json`."""

    async def healthz(request: Request) -> Response:
        if request.query_params.get("verbose") != "1":
            return json_response(Health("ok"))
        await admission.admit(request.headers)
        return json_response(Health("ok", tasks.figures() if isinstance(tasks, HasFigures) else ()))

    async def openapi(_: Request) -> Response:
        return Response(OPENAPI_PATH.read_bytes(), media_type="application/json")

    return [Route("/healthz", healthz, methods=["GET"]), Route("/openapi.json", openapi, methods=["GET"])]
