"""The RPC-style API gateway in front of all products: signature, calls a second, faults, operation, in this order."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Iterable
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from emulator.core.errors import ApiError, ErrorResponse
from emulator.core.exchange import Exchange, Shared
from emulator.core.http1_parser import Request
from emulator.core.responses import Response, Transmission
from emulator.tasks.backend import TaskBackend
from emulator.tasks.errors import ACTION_NOT_FOUND, BAD_REQUEST
from emulator.tasks.limits import Limits
from emulator.tasks.product import Context, Operation, Product
from emulator.tasks.signature import Verifier

FORM = "application/x-www-form-urlencoded"
GATEWAY_HOST = "aliyuncs.com"


class RpcHandler:
    """Dispatches on `x-acs-action`. One serves all products: their hosts differ in reality, their actions always do."""

    def __init__(self, products: Iterable[Product], shared: Shared, tasks: TaskBackend, limits: Limits) -> None:
        """The operations of `products` work on `tasks` within `limits`."""
        self.shared = shared
        self.tasks = tasks
        self.limits = limits
        self.verifier = Verifier(shared.accounts)
        self._operations = {
            (product.version, operation.action): (product, operation)
            for product in products
            for operation in product.operations
        }

    def accepts(self, request: Request) -> bool:
        """Whether this is a call of the RPC style."""
        return "x-acs-action" in request.headers

    def handle(self, request: Request, connection: int) -> Transmission | Awaitable[Transmission]:
        """How this call is answered; the call is in the log once this returns."""
        found = self._operations.get((request.headers.get("x-acs-version", ""), request.headers["x-acs-action"]))
        return _RpcCall(self, request, connection, found).run()

    def reject(self, request: Request, message: str) -> Response:
        """400 for a request whose body is malformed."""
        del request
        error = msgspec.structs.replace(BAD_REQUEST, message=message)
        return _error_response(error, GATEWAY_HOST, "", _new_request_id())


class _RpcCall(Exchange):
    """One call on its way through the gateway; `target` is None for an unknown action."""

    product, host, title = "", GATEWAY_HOST, ""
    throttling = ACTION_NOT_FOUND

    def __init__(
        self, handler: RpcHandler, request: Request, connection: int, target: tuple[Product, Operation] | None
    ) -> None:
        super().__init__(handler.shared, request, connection, _new_request_id())
        self.action = request.headers["x-acs-action"]
        self._handler, self._target = handler, target
        self._query = dict(parse_qsl(request.query, keep_blank_values=True))
        self._params = {**self._query, **_form(request)}
        if target is not None:
            product, _ = target
            self.product, self.host, self.title = product.name, product.host, product.title
            self.throttling = product.throttling

    def authorize(self) -> None:
        if self._target is None:
            raise ApiError(ACTION_NOT_FOUND)
        self.key = self._handler.verifier.verify(self.request, self._query)
        if not self._handler.limits.admits(self.key.account, self.action):
            raise ApiError(self.throttling)

    def perform(self) -> Response:
        assert self._target is not None  # noqa: S101 -- authorize has seen to it; for the type checker
        product, operation = self._target
        tasks, limits = self._handler.tasks, self._handler.limits
        context = Context(product.name, self.key.account, self._params, self.arrival, tasks, limits)
        return _json(200, {"RequestId": self.request_id, **operation.run(context)}, self.request_id)

    def error(self, error: ErrorResponse) -> Response:
        return _error_response(error, self.host, self.title, self.request_id)

    def logged_params(self) -> dict[str, str]:
        return self._params


def _new_request_id() -> str:
    return str(uuid.uuid4()).upper()


def _form(request: Request) -> dict[str, str]:
    if not request.body or not request.headers.get("content-type", "").startswith(FORM):
        return {}
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _json(status: int, body: dict[str, Any], request_id: str, code: str = "") -> Response:
    return Response(status, msgspec.json.encode(body), headers={"x-acs-request-id": request_id}, code=code)


def _error_response(error: ErrorResponse, host: str, title: str, request_id: str) -> Response:
    body = {
        "RequestId": request_id,
        "HostId": host,
        "Code": error.code,
        "Message": error.message,
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={error.code}&product={title}&requestId={request_id}",
    }
    response = _json(error.status, body, request_id, error.code)
    return msgspec.structs.replace(response, headers={**response.headers, **error.headers})
