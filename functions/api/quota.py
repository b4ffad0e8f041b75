"""`GET /v1/quota`: what is left of the day's quotas, which belong to the account and to no domain."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.auth.bearer import granted
from functions.api.middleware.observe import notes_of
from functions.api.negotiation import Representation, representation
from functions.api.parsing.raw import SHOWN, FaultList
from functions.api.problems import RequestRefused
from functions.api.responses import quota_response
from functions.tasks.results import Tasks


def quota_route(tasks: Tasks) -> Route:
    """The route, over what `tasks` knows."""

    async def quota(request: Request) -> Response:
        representation(", ".join(request.headers.getlist("accept")), (Representation.JSON,))
        scope = granted(request.scope)
        if scope.domains is not None:
            raise RequestRefused(
                "forbidden", "Quotas are the whole account's: a token with `domains` may not see them."
            )
        _refuse_parameters(request.scope["query_string"])
        answer = await tasks.quota(scope)
        notes_of(request.scope).timings = answer.timings
        return quota_response(answer)

    return Route("/quota", quota, methods=["GET"])


def _refuse_parameters(query_string: bytes) -> None:
    faults = FaultList()
    for name, _ in parse_qsl(query_string.decode("ascii", "replace"), keep_blank_values=True):
        faults.add(name[:SHOWN], None, "unknown parameter; there are none here")
    faults.raise_any()
