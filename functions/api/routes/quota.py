"""`GET /v1/quota`: what is left of the day's quotas, which belong to the account and to no domain."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.middleware.access_log import access_record
from functions.api.middleware.authentication import grant_of
from functions.api.negotiation import json_only
from functions.api.parsing.query import to_quota_products
from functions.api.parsing.raw import from_query_string
from functions.api.problems import RequestRefused
from functions.api.responses import quota_response
from functions.settings import Settings
from functions.tasks.query import Scope
from functions.tasks.results import Tasks


def may_read_quota(scope: Scope) -> bool:
    """Quotas are the whole account's: a token that is limited to domains may not see them."""
    return scope.domains is None


def quota_route(settings: Settings, tasks: Tasks) -> Route:
    """The route, over what `tasks` knows."""

    async def quota(request: Request) -> Response:
        json_only(request.headers)
        scope = grant_of(request.scope).scope
        if not may_read_quota(scope):
            raise RequestRefused(
                "forbidden", "Quotas are the whole account's: a token with `domains` may not see them."
            )
        products = to_quota_products(from_query_string(request.scope["query_string"]), settings, scope)
        answer = await tasks.quota(scope, products)
        record = access_record(request.scope)
        record.timings, record.problems = answer.timings, answer.report.problems
        return quota_response(answer)

    return Route("/quota", quota, methods=["GET"])
