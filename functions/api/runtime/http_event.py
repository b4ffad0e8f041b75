"""Function Compute's HTTP event (version v1) to ASGI and back: the adapter for its built-in runtimes.

The event and the response: docs/function-compute.md 2.2 and 2.3. Repeated headers and query parameters arrive joined by
commas; `rawPath` is percent-encoded while `queryParameters` are not; any key may be
missing or null; no rule says in which case header names come.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import TypedDict
from urllib.parse import quote, unquote, urlencode

import msgspec
from starlette.types import ASGIApp, Message, Scope

from functions.api.middleware.authentication import CALLER_ADDRESS
from functions.api.problems import ProblemResponse, RequestRefused

_LEFT_OUT_OF_REQUESTS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_FORBIDDEN_IN_ANSWERS = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "upgrade"}
)
"""Headers that Function Compute does not allow in a response (docs/function-compute.md 2.6); x-fc-* are removed too."""


_requests: set[asyncio.Future[None]] = set()
"""Those that are not over: a loop holds its tasks weakly."""


class HttpAnswer(TypedDict):
    """The answer in the one form that the runtime passes on reliably."""

    statusCode: int
    headers: dict[str, str]
    isBase64Encoded: bool
    body: str


class _Http(msgspec.Struct, rename="camel"):
    method: str | None = None
    path: str | None = None
    protocol: str | None = None
    source_ip: str | None = None


class _RequestContext(msgspec.Struct, rename="camel"):
    http: _Http | None = None
    request_id: str | None = None
    domain_name: str | None = None


class HttpEvent(msgspec.Struct, rename="camel"):
    """The event, as far as a request is made of it."""

    raw_path: str | None = None
    body: str | None = None
    is_base64_encoded: bool | None = None
    headers: dict[str, str | None] | None = None
    query_parameters: dict[str, str | None] | None = None
    request_context: _RequestContext | None = None

    @property
    def request_id(self) -> str | None:
        """The platform's own id of this request."""
        return self.request_context.request_id if self.request_context else None


def read_event(event: object) -> HttpEvent:
    """Raises RequestRefused (`malformed-event`) when it is none, as the event of another trigger is."""
    if not isinstance(event, str | bytes | bytearray):
        raise _malformed(f"it is {type(event).__name__}, not bytes")
    try:
        read = msgspec.json.decode(event, type=HttpEvent)
    except (ValueError, RecursionError) as fault:
        raise _malformed(f"{fault}") from None
    if not (read.request_context and read.request_context.http and read.request_context.http.method):
        raise _malformed("it has no requestContext.http.method")
    return read


async def call(app: ASGIApp, event: HttpEvent, request_id: str | None) -> HttpAnswer:
    """What `app` answers; what it does afterwards goes on beside.

    Raises RequestRefused (`malformed-event`) when the body cannot be decoded.
    """
    exchange = _Exchange(_body(event))
    scope = _scope(event, request_id)
    request = asyncio.ensure_future(app(scope, exchange.receive, exchange.send))
    _requests.add(request)
    request.add_done_callback(_requests.discard)
    answered = asyncio.create_task(exchange.answered.wait())
    await asyncio.wait((request, answered), return_when=asyncio.FIRST_COMPLETED)
    answered.cancel()
    if request.done():
        request.result()  # raises what the app raised
    return exchange.answer(head=scope["method"] == "HEAD")


def problem_answer(answer: ProblemResponse) -> HttpAnswer:
    """A problem that arose outside of the app."""
    response = answer.response()
    return HttpAnswer(
        statusCode=response.status_code,
        headers=_headers(response.raw_headers),
        isBase64Encoded=False,
        body=bytes(response.body).decode(),
    )


class _Exchange:
    """One request's body going in, one answer coming out."""

    def __init__(self, body: bytes) -> None:
        self._incoming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        self._status = 500
        self._raw_headers: list[tuple[bytes, bytes]] = []
        self._outgoing = bytearray()
        self.answered = asyncio.Event()

    async def receive(self) -> Message:
        if self._incoming:
            return self._incoming.pop()
        # Built-in runtimes do not tell that a caller has left.
        await self.answered.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._raw_headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self._outgoing += message.get("body", b"")
            if not message.get("more_body", False):
                self.answered.set()

    def answer(self, *, head: bool) -> HttpAnswer:
        body = b"" if head else bytes(self._outgoing)
        headers = _headers(self._raw_headers)
        encoded = "content-encoding" in headers
        text = base64.b64encode(body).decode() if encoded else body.decode()
        return HttpAnswer(statusCode=self._status, headers=headers, isBase64Encoded=encoded, body=text)


def _scope(event: HttpEvent, request_id: str | None) -> Scope:
    context = event.request_context or _RequestContext()
    http = context.http or _Http()
    path = event.raw_path or quote(http.path or "/")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": (http.method or "").upper(),
        "scheme": "https",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": urlencode(_present(event.query_parameters), quote_via=quote).encode(),
        "headers": _request_headers(event, context, request_id),
        "client": (http.source_ip, 0) if http.source_ip else None,
        CALLER_ADDRESS: http.source_ip,
        "server": None,
    }


def _request_headers(event: HttpEvent, context: _RequestContext, request_id: str | None) -> list[tuple[bytes, bytes]]:
    given = {name.lower(): value for name, value in _present(event.headers).items()}
    # What only the platform may say is said by the platform's context, not by a header.
    kept = {
        name: value
        for name, value in given.items()
        if name not in _LEFT_OUT_OF_REQUESTS and not name.startswith("x-fc-")
    }
    if context.domain_name:
        kept.setdefault("host", context.domain_name)
    if request_id:
        kept["x-fc-request-id"] = request_id
    return [(name.encode("utf-8"), value.encode("utf-8")) for name, value in kept.items()]


def _malformed(why: str) -> RequestRefused:
    return RequestRefused("malformed-event", f"This is not what an HTTP trigger sends: {why}.")


def _body(event: HttpEvent) -> bytes:
    body = event.body or ""
    if not event.is_base64_encoded:
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed("the body is not the base64 it is said to be") from None


def _present(pairs: dict[str, str | None] | None) -> dict[str, str]:
    return {name: value or "" for name, value in (pairs or {}).items()}


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """One value per name; names that the platform refuses are left out."""
    headers: dict[str, str] = {}
    for name_bytes, value_bytes in raw:
        name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
        if name not in _FORBIDDEN_IN_ANSWERS and not name.startswith("x-fc-"):
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
