"""The front of OSS: who calls what, may they, and how the answer is sent."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from urllib.parse import unquote

import msgspec

from emulator.calls import Call, CallLog
from emulator.clock import Clock
from emulator.delivery import Script, whole
from emulator.errors import ApiError, Refusal
from emulator.faults import Fault, is_unanswered
from emulator.http1 import Reply, Request
from emulator.latency import Latency
from emulator.oss.asked import Asked, error_in_header, http_date
from emulator.oss.buckets import Buckets
from emulator.oss.refusals import INVALID_OBJECT_NAME, NOT_IMPLEMENTED, THROTTLED
from emulator.oss.routes import Route, route_for
from emulator.oss.signature import Verifier
from emulator.oss.stored import is_key
from emulator.oss.xml import XML_TYPE, document
from emulator.switchboard import Faults

PRODUCT = "oss"
ANYBODY = ""
"""The account of a request without a signature: it may use public buckets."""


class OssSurroundings(msgspec.Struct, frozen=True):
    """What every call is answered from."""

    clock: Clock
    buckets: Buckets
    faults: Faults
    latency: Latency
    calls: CallLog
    verifier: Verifier


class OssDoor:
    """Answers what is addressed to a bucket in path style, `/bucket/key`."""

    def __init__(self, around: OssSurroundings) -> None:
        """Serves `around.buckets`."""
        self._around = around

    def claims(self, request: Request) -> bool:
        """Whether this is a call of OSS: by its headers, or by a bucket that exists."""
        signed = any(name.startswith("x-oss-") for name in request.headers)
        return signed or self._around.buckets.has(request.path.split("/")[1])

    def answer(self, request: Request, connection: int) -> Script:
        """How this call is answered; the call is in the log once this returns."""
        return _Visit(self._around, request, connection).served()


class _Visit:
    """One call on its way."""

    def __init__(self, around: OssSurroundings, request: Request, connection: int) -> None:
        self._around = around
        self._request = request
        self._connection = connection
        self._arrival = around.clock.now()
        self._number = around.calls.next_number()
        self._request_id = secrets.token_hex(12).upper()
        self._bucket, _, self._key = request.path.removeprefix("/").partition("/")
        self._query = _query(request)
        self._route = route_for(request, self._query, on_object=bool(self._key))
        self._key_id, self._account = "", ANYBODY

    def served(self) -> Script:
        action = self._route.action if self._route else ""
        fault: Fault | None = None
        try:
            self._identify()
            route = self._admitted()
            fault = self._around.faults.take(action, PRODUCT)
            reply = self._reply(route, fault)
        except ApiError as error:
            reply = self._refused(error.refusal)
        reply = msgspec.structs.replace(reply, headers={**self._always(), **reply.headers})
        self._log(action, reply, unanswered=is_unanswered(fault))
        wait = self._around.latency.draw(action, PRODUCT)
        return fault.script(reply, wait) if fault else whole(reply, wait)

    def _identify(self) -> None:
        if "authorization" in self._request.headers:
            key = self._around.verifier.verify(self._request, self._query)
            self._key_id, self._account = key.id, key.account

    def _admitted(self) -> Route:
        asked = self._asked()
        asked.check_access(asked.bucket)
        if self._key and not is_key(self._key):
            raise ApiError(INVALID_OBJECT_NAME)
        if self._route is None:
            raise ApiError(NOT_IMPLEMENTED)
        return self._route

    def _asked(self) -> Asked:
        return Asked(
            request=self._request,
            query=self._query,
            bucket_name=self._bucket,
            key=self._key,
            account=self._account,
            request_id=self._request_id,
            buckets=self._around.buckets,
        )

    def _reply(self, route: Route, fault: Fault | None) -> Reply:
        instead = fault.instead(THROTTLED) if fault else None
        if isinstance(instead, Refusal):
            raise ApiError(instead)
        return route.run(self._asked()) if instead is None else instead

    def _refused(self, refusal: Refusal) -> Reply:
        body = document(
            "Error",
            [
                ("Code", refusal.code),
                ("Message", refusal.message),
                ("RequestId", self._request_id),
                ("HostId", self._request.headers.get("host", "")),
            ],
        )
        if self._request.method == "HEAD":
            headers = {**refusal.headers, **error_in_header(body)}
            return Reply(refusal.status, b"", XML_TYPE, headers, refusal.code, length=0)
        return Reply(refusal.status, body, XML_TYPE, refusal.headers, refusal.code)

    def _always(self) -> Mapping[str, str]:
        # The date is the real one: from it the SDK tells whether its own clock is wrong.
        return {"server": "AliyunOSS", "date": http_date(time.time()), "x-oss-request-id": self._request_id}

    def _log(self, action: str, reply: Reply, *, unanswered: bool) -> None:
        self._around.calls.append(
            Call(
                number=self._number,
                at=self._arrival,
                product=PRODUCT,
                action=action,
                params=self._params(),
                access_key_id=self._key_id,
                account=self._account,
                status=0 if unanswered else reply.status,
                code="" if unanswered else reply.code,
                request_id=self._request_id,
                connection=self._connection,
            )
        )

    def _params(self) -> dict[str, str]:
        forbids = self._request.headers.get("x-oss-forbid-overwrite")
        told = {"bucket": self._bucket, "key": self._key, "forbidOverwrite": forbids}
        return {**self._query, **{name: value for name, value in told.items() if value}}


def _query(request: Request) -> dict[str, str]:
    """Names and values, decoded; "+" is a plus here, as in the signature."""
    pairs = (part.partition("=") for part in request.query.split("&") if part)
    return {unquote(name): unquote(value) for name, _, value in pairs}
