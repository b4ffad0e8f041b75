"""The front of OSS: who calls what, may they, and what is answered."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Awaitable, Mapping
from urllib.parse import unquote

import msgspec

from emulator.core.errors import ApiError, ErrorResponse
from emulator.core.exchange import ANONYMOUS, Exchange, Shared
from emulator.core.http1_parser import Request
from emulator.core.responses import Response, Transmission
from emulator.oss.buckets import Buckets
from emulator.oss.cors import cors_headers, preflight_headers
from emulator.oss.errors import (
    ACCESS_DENIED,
    BAD_REQUEST,
    CORS_DISABLED,
    CORS_FORBIDDEN,
    INVALID_OBJECT_NAME,
    NOT_IMPLEMENTED,
    THROTTLED,
)
from emulator.oss.models import is_key
from emulator.oss.requests import OssRequest, path_style
from emulator.oss.responses import http_date
from emulator.oss.routes import Level, is_common, route_for
from emulator.oss.signature.verifier import Verifier, is_signed
from emulator.oss.xml import XML_TYPE, document

PREFLIGHT = "OptionObject"


class OssHandler:
    """Answers what is addressed to a bucket: in path style, `/bucket/key`, or as `bucket.<a host of OSS>`."""

    def __init__(self, buckets: Buckets, shared: Shared) -> None:
        """Serves `buckets`."""
        self.buckets = buckets
        self.shared = shared
        self.verifier = Verifier(shared.accounts)

    def accepts(self, request: Request) -> bool:
        """Whether this is a call of OSS: it names a bucket, or only OSS has such headers or such a signature."""
        return (
            path_style(request).path != "/"
            or request.headers.get("authorization", "").startswith("OSS")
            or any(name.startswith("x-oss-") for name in request.headers)
        )

    def handle(self, request: Request, connection: int) -> Transmission | Awaitable[Transmission]:
        """How this call is answered; the call is in the log once this returns."""
        return _OssCall(self, path_style(request), connection).run()

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
        self._level = Level.OBJECT if self._key else Level.BUCKET if self._bucket else Level.SERVICE
        self._route = route_for(request, self._query, self._level)
        self.action = self._route.action if self._route else PREFLIGHT if request.method == "OPTIONS" else ""

    def authorize(self) -> None:
        if self.action == PREFLIGHT:
            return
        if is_signed(self.request, self._query):
            self.key = self._handler.verifier.verify(self.request, self._query)
        self._check_access()
        if self._key and not is_key(self._key):
            raise ApiError(INVALID_OBJECT_NAME)
        if self._route is None:
            raise ApiError(NOT_IMPLEMENTED)

    def perform(self) -> Response:
        if self._route is None:
            return self._preflight()
        return self._route.function(self._call())

    def error(self, error: ErrorResponse) -> Response:
        return _error_response(error, self.request, self.request_id)

    def _check_access(self) -> None:
        if self.action in {"ListBuckets", "PutBucket"}:
            if self.key is ANONYMOUS:
                raise ApiError(ACCESS_DENIED)
        else:
            call = self._call()
            call.check_access(call.bucket)

    def _preflight(self) -> Response:
        rules = self._handler.buckets.bucket(self._bucket).settings.cors
        headers = preflight_headers(rules, self.request.headers)
        if headers is None:
            raise ApiError(CORS_FORBIDDEN if rules else CORS_DISABLED)
        return Response(200, headers=headers)

    def common_headers(self) -> Mapping[str, str]:
        # The date is the real one: from it the SDK tells whether its own clock is wrong.
        common = {"server": "AliyunOSS", "date": http_date(time.time()), "x-oss-request-id": self.request_id}
        rules = self._handler.buckets.cors(self._bucket)
        return {**common, **cors_headers(rules, self.request.method, self.request.headers)}

    def logged_params(self) -> dict[str, str]:
        forbids = self.request.headers.get("x-oss-forbid-overwrite")
        named = {"bucket": self._bucket, "key": self._key, "forbidOverwrite": forbids}
        query = {name: value for name, value in self._query.items() if not is_common(name)}
        return {**query, **{name: value for name, value in named.items() if value}}

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
