"""`POST /v1/checks`: whether the edge serves what the origin has."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.interfaces import Checker
from functions.api.middleware.access_log import access_record
from functions.api.middleware.authentication import grant_of
from functions.api.negotiation import json_only
from functions.api.parsing.body import json_body
from functions.api.parsing.check import to_checked_url
from functions.api.parsing.raw import json_object
from functions.api.problems import RequestRefused
from functions.api.responses import json_response
from functions.tasks.query import Scope

ACTION = "check"
"""What a token's `actions` must name, where it has them."""


def checks_route(checker: Checker | None) -> Route:
    """The route; without a `checker` it says what to set."""

    async def check(request: Request) -> Response:
        if checker is None:
            raise RequestRefused("checks-off", "Set TASK_STATUS_CHECKS to the hosts that may be checked.")
        json_only(request.headers)
        scope = grant_of(request.scope).scope
        if not may_check(scope):
            raise RequestRefused("forbidden", f"The token's actions do not name {ACTION!r}.")
        url = to_checked_url(json_object(await json_body(request)), checker.hosts, scope.audience)
        report = await checker.check(url, scope)
        access_record(request.scope).problems = report.problems
        return json_response(report)

    return Route("/checks", check, methods=["POST"])


def may_check(scope: Scope) -> bool:
    """Whether the caller may check anything."""
    return scope.actions is None or ACTION in scope.actions


def checkable(hosts: Iterable[str], scope: Scope) -> tuple[str, ...]:
    """Of the hosts, those that the caller may check."""
    return tuple(host for host in hosts if may_check(scope) and scope.audience.shows(f"{host}/"))
