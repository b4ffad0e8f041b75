"""The front of OSS: who calls what, may they, and what is answered."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Mapping
from urllib.parse import unquote

import msgspec

from emulator.core.errors import ApiError, ErrorResponse
from emulator.core.exchange import Exchange, Shared
from emulator.core.requests import Request
from emulator.core.responses import Response, Transmission
from emulator.oss.buckets import Buckets
from emulator.oss.errors import BAD_REQUEST, INVALID_OBJECT_NAME, NOT_IMPLEMENTED, THROTTLED
from emulator.oss.models import is_key
from emulator.oss.requests import OssRequest
from emulator.oss.responses import http_date
from emulator.oss.routes import route_for
from emulator.oss.signature.v4 import Verifier
from emulator.oss.xml import XML_TYPE, document


class OssHandler:
    """Answers what is addressed to a bucket in path style, `/bucket/key`."""

    def __init__(self, buckets: Buckets, shared: Shared) -> None:
        """Serves `buckets`."""
        self.buckets = buckets
        self.shared = shared
        self.verifier = Verifier(shared.accounts)

    def accepts(self, request: Request) -> bool:
        """Whether this is a call of OSS: by its headers, or by a bucket that exists."""
        signed = any(name.startswith("x-oss-") for name in request.headers)
        return signed or self.buckets.has(request.path.split("/")[1])

    def handle(self, request: Request, connection: int) -> Transmission:
        """How this call is answered; the call is in the log once this returns."""
        return _OssCall(self, request, connection).run()

    def reject(self, request: Request, message: str) -> Response:
        """400 for a request whose body is malformed."""
        error = msgspec.structs.replace(BAD_REQUEST, message=message)
        return _error_response(error, request, _new_request_id())


class _OssCall(Exchange):
    """One call on its way."""

    product = "oss"
    throttling = THROTTLED

    def __init__(self, handler: OssHandler, request: Request, connection: int) -> None:
        super().__init__(handler.shared, request, connection, _new_request_id())
        self._handler = handler
        self._bucket, _, self._key = request.path.removeprefix("/").partition("/")
        self._query = _query(request)
        self._route = route_for(request, self._query, on_object=bool(self._key))
        self.action = self._route.action if self._route else ""

    def authorize(self) -> None:
        if "authorization" in self.request.headers:
            self.key = self._handler.verifier.verify(self.request, self._query)
        call = self._call()
        call.check_access(call.bucket)
        if self._key and not is_key(self._key):
            raise ApiError(INVALID_OBJECT_NAME)
        if self._route is None:
            raise ApiError(NOT_IMPLEMENTED)

    def perform(self) -> Response:
        assert self._route is not None  # noqa: S101 -- authorize has seen to it; for the type checker
        return self._route.function(self._call())

    def error(self, error: ErrorResponse) -> Response:
        return _error_response(error, self.request, self.request_id)

    def common_headers(self) -> Mapping[str, str]:
        # The date is the real one: from it the SDK tells whether its own clock is wrong.
        return {"server": "AliyunOSS", "date": http_date(time.time()), "x-oss-request-id": self.request_id}

    def logged_params(self) -> dict[str, str]:
        forbids = self.request.headers.get("x-oss-forbid-overwrite")
        named = {"bucket": self._bucket, "key": self._key, "forbidOverwrite": forbids}
        return {**self._query, **{name: value for name, value in named.items() if value}}

    def _call(self) -> OssRequest:
        return OssRequest(
            http=self.request,
            query=self._query,
            bucket_name=self._bucket,
            key=self._key,
            account=self.key.account,
            request_id=self.request_id,
            buckets=self._handler.buckets,
        )


def _new_request_id() -> str:
    return secrets.token_hex(12).upper()


def _query(request: Request) -> dict[str, str]:
    """Names and values, decoded; "+" is a plus here, as in the signature."""
    pairs = (part.partition("=") for part in request.query.split("&") if part)
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _error_response(error: ErrorResponse, request: Request, request_id: str) -> Response:
    members = {
        "Code": error.code,
        "Message": error.message,
        "RequestId": request_id,
        "HostId": request.headers.get("host", ""),
        **error.details,
    }
    body, headers = document("Error", members.items()), error.headers
    if request.method == "HEAD":
        # An answer to a HEAD has no body; OSS then sends the document in a header.
        body, headers = b"", {**headers, "x-oss-err": base64.b64encode(body).decode()}
    return Response(error.status, body, XML_TYPE, headers, error.code)
