"""`GET /v1/capabilities`: what this service and the caller's token allow, for pages that show only what will work."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.middleware.authentication import grant_of
from functions.api.negotiation import json_only
from functions.api.parsing.raw import only_parameters
from functions.api.parsing.submission import types_in_scope
from functions.api.responses import json_response
from functions.api.routes.checks import checkable
from functions.api.routes.quota import may_read_quota
from functions.api.routes.submit import may_submit
from functions.settings import Settings
from functions.tasks.query import Scope
from functions.tasks.report import ActionWord, ProductWord
from functions.tasks.submit import submittable


class Capabilities(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What may be asked here. `objectTypes` by product and action; `domains` absent: those of the whole account.

    `checks` are the hosts that `POST /v1/checks` takes. `history`: tasks older than the vendor's three days are
    answered, too. `uploadUrl` is a page on which people upload objects, where there is one.
    """

    products: tuple[ProductWord, ...]
    submit: bool
    actions: tuple[ActionWord, ...]
    object_types: Mapping[ProductWord, Mapping[ActionWord, tuple[str, ...]]]
    quota: bool
    stream: bool
    object_lookup: bool
    history: bool
    checks: tuple[str, ...]
    domains: tuple[str, ...] | None = None
    upload_url: str | None = None


def capabilities_route(
    settings: Settings, *, streaming: bool, object_lookup: bool, checked_hosts: tuple[str, ...]
) -> Route:
    """The route; `streaming`, `object_lookup` and `checked_hosts` tell what this instance has."""

    async def capabilities(request: Request) -> Response:
        json_only(request.headers)
        only_parameters(request.scope["query_string"], {})
        scope = grant_of(request.scope).scope
        told = _capabilities(settings, scope, streaming=streaming, object_lookup=object_lookup)
        return json_response(msgspec.structs.replace(told, checks=checkable(checked_hosts, scope)))

    return Route("/capabilities", capabilities, methods=["GET"])


def _capabilities(settings: Settings, scope: Scope, *, streaming: bool, object_lookup: bool) -> Capabilities:
    products = tuple(filter(scope.audience.allows, settings.product_names))
    allowed = {}
    if may_submit(settings) and scope.domains != frozenset():
        allowed = {name: types for name in products if (types := types_in_scope(submittable(name), scope))}
    return Capabilities(
        products=products,
        submit=bool(allowed),
        actions=tuple(dict.fromkeys(action for types in allowed.values() for action in types)),
        object_types=allowed,
        quota=may_read_quota(scope),
        stream=streaming,
        object_lookup=object_lookup,
        history=settings.store is not None,
        checks=(),
        domains=None if scope.domains is None else tuple(sorted(scope.domains)),
        upload_url=settings.upload_url,
    )
