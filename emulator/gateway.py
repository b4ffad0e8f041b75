"""The front that all products share: who calls what, may they, and how the answer is sent."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from emulator.accounts import AccessKey
from emulator.calls import Call, CallLog
from emulator.catalog import Context, Operation, Product
from emulator.clock import Clock
from emulator.delivery import Script, whole
from emulator.errors import ACTION_NOT_FOUND, ApiError, Refusal
from emulator.faults import Fault, is_unanswered
from emulator.http1 import Reply, Request
from emulator.latency import Latency
from emulator.limits import Limits
from emulator.signature import Verifier
from emulator.switchboard import Faults
from emulator.tasks.world import World

FORM = "application/x-www-form-urlencoded"
NOBODY = AccessKey("", "", account="")


class Surroundings(msgspec.Struct, frozen=True):
    """What every call is answered from."""

    clock: Clock
    world: World
    limits: Limits
    faults: Faults
    latency: Latency
    calls: CallLog
    verifier: Verifier


class Gateway:
    """Dispatches on `x-acs-action`: signature, calls a second, faults, operation, in this order."""

    def __init__(self, products: Iterable[Product], around: Surroundings) -> None:
        """One gateway serves all products; their hosts differ in reality, their actions do not overlap."""
        self._around = around
        self._operations: dict[str, tuple[Product, Operation]] = {
            operation.action: (product, operation) for product in products for operation in product.operations
        }

    def claims(self, request: Request) -> bool:
        """Whether this is a call of the RPC style."""
        return "x-acs-action" in request.headers

    def answer(self, request: Request, connection: int) -> Script:
        """How this call is answered; the call is in the log once this returns."""
        action = request.headers["x-acs-action"]
        visit = _Visit(self._around, request, connection)
        product, operation = self._operations.get(action, (None, None))
        if product is None or operation is None or request.headers.get("x-acs-version") != product.version:
            return visit.turned_away()
        return visit.served(product, operation)


class _Visit:
    """One call on its way through the gateway."""

    def __init__(self, around: Surroundings, request: Request, connection: int) -> None:
        self._around = around
        self._request = request
        self._connection = connection
        self._arrival = around.clock.now()
        self._number = around.calls.next_number()
        self._request_id = str(uuid.uuid4()).upper()
        self._query = dict(parse_qsl(request.query, keep_blank_values=True))
        self._params = {**self._query, **_form(request)}
        self._key = NOBODY

    def turned_away(self) -> Script:
        reply = _refusal(ACTION_NOT_FOUND, "aliyuncs.com", "", self._request_id)
        self._log("", reply.status, reply.code)
        return whole(reply)

    def served(self, product: Product, operation: Operation) -> Script:
        fault: Fault | None = None
        try:
            self._admit(product, operation)
            fault = self._around.faults.take(operation.action, product.name)
            reply = self._reply(product, operation, fault)
        except ApiError as error:
            reply = self._refused(product, error.refusal)
        unanswered = is_unanswered(fault)
        self._log(product.name, 0 if unanswered else reply.status, "" if unanswered else reply.code)
        wait = self._around.latency.draw(operation.action, product.name)
        return fault.script(reply, wait) if fault else whole(reply, wait)

    def _admit(self, product: Product, operation: Operation) -> None:
        self._key = self._around.verifier.verify(self._request, self._query)
        if not self._around.limits.admits(self._key.account, operation.action):
            raise ApiError(product.throttling)

    def _reply(self, product: Product, operation: Operation, fault: Fault | None) -> Reply:
        instead = fault.instead(product.throttling) if fault else None
        if isinstance(instead, Refusal):
            raise ApiError(instead)
        if instead is not None:
            return instead
        around = self._around
        context = Context(product.name, self._key.account, self._params, self._arrival, around.world, around.limits)
        return _json(200, {"RequestId": self._request_id, **operation.answer(context)}, self._request_id)

    def _refused(self, product: Product, refusal: Refusal) -> Reply:
        return _refusal(refusal, product.host, product.title, self._request_id)

    def _log(self, product: str, status: int, code: str) -> None:
        call = Call(
            number=self._number,
            at=self._arrival,
            product=product,
            action=self._request.headers["x-acs-action"],
            params=self._params,
            access_key_id=self._key.id,
            account=self._key.account,
            status=status,
            code=code,
            request_id=self._request_id,
            connection=self._connection,
        )
        self._around.calls.append(call)


def _form(request: Request) -> dict[str, str]:
    if not request.body or not request.headers.get("content-type", "").startswith(FORM):
        return {}
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _json(status: int, body: dict[str, Any], request_id: str, code: str = "") -> Reply:
    return Reply(status, msgspec.json.encode(body), headers={"x-acs-request-id": request_id}, code=code)


def _refusal(refusal: Refusal, host: str, title: str, request_id: str) -> Reply:
    recommend = f"https://api.aliyun.com/troubleshoot?q={refusal.code}&product={title}&requestId={request_id}"
    body = {
        "RequestId": request_id,
        "HostId": host,
        "Code": refusal.code,
        "Message": refusal.message,
        "Recommend": recommend,
    }
    reply = _json(refusal.status, body, request_id, refusal.code)
    return msgspec.structs.replace(reply, headers={**reply.headers, **refusal.headers})
