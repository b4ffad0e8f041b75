"""What every request gets: an id, the headers all answers share, one line in the log, and an end to any exception."""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.api.problems import ProblemResponse, answer_to
from functions.api.protocols import CredentialSink
from functions.tasks.results import Timing

_VARY = "Accept, Authorization, Origin"
_SHOWN_PATH = 200
_NOTES = "task_status.notes"
_log = logging.getLogger("functions.access")


@dataclass
class RequestNotes:
    """What is known about a request when it is over."""

    request_id: str
    ids: int | None = None
    timings: tuple[Timing, ...] = ()
    reason: str | None = None
    status: int | None = None


def notes_of(scope: Scope) -> RequestNotes:
    """The notes of the request that `scope` belongs to."""
    notes: RequestNotes = scope[_NOTES]
    return notes


def problem_for(scope: Scope, fault: Exception) -> ProblemResponse:
    """The answer to an exception, noted; what nobody foresaw is logged with its places, never with its text."""
    answer = answer_to(fault)
    notes = notes_of(scope)
    notes.reason = answer.document.reason
    if notes.reason == "internal-error":
        _log.error("unforeseen", exc_info=fault, extra={"members": {"requestId": notes.request_id}})
    return answer


class AccessLog:
    """Stands outermost: sees each request come and each answer go."""

    def __init__(self, app: ASGIApp, *, on_function_compute: bool) -> None:
        """On Function Compute its request id is taken over; elsewhere anybody could have written that header."""
        self._app = app
        self._on_function_compute = on_function_compute

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        notes = scope[_NOTES] = RequestNotes(self._request_id(scope))

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                notes.status = message["status"]
                _share(MutableHeaders(scope=message), notes)
            await send(message)

        started = time.perf_counter()
        try:
            await self._app(scope, receive, send_noted)
        finally:
            _write_line(scope, notes, time.perf_counter() - started)

    def _request_id(self, scope: Scope) -> str:
        given = Headers(scope=scope).get("x-fc-request-id") if self._on_function_compute else None
        return given or str(uuid.uuid4())


class ErrorBoundary:
    """Turns exceptions that the router does not handle into answers."""

    def __init__(self, app: ASGIApp) -> None:
        """`app` may raise anything."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        started = False

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception as fault:
            if started or scope["type"] != "http":
                raise
            await problem_for(scope, fault).response()(scope, receive, send)


class Credentials:
    """Takes over the credential triple that Function Compute sends along with every request.

    It is renewed there only (FC facts 4). Callers cannot send these headers to it; anywhere else anybody could, so
    this stands in the way of requests on Function Compute only.
    """

    def __init__(self, app: ASGIApp, *, sink: CredentialSink) -> None:
        """`sink` is offered each triple."""
        self._app = app
        self._sink = sink

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            read = Headers(scope=scope).get
            key_id, secret = read("x-fc-access-key-id"), read("x-fc-access-key-secret")
            if key_id and secret:
                self._sink.offer(key_id, secret, read("x-fc-security-token"))
        await self._app(scope, receive, send)


def _share(headers: MutableHeaders, notes: RequestNotes) -> None:
    headers["X-Request-Id"] = notes.request_id
    headers.setdefault("Cache-Control", "no-store")
    headers["X-Content-Type-Options"] = "nosniff"
    more = headers.get("Vary")
    headers["Vary"] = f"{_VARY}, {more}" if more else _VARY


def _write_line(scope: Scope, notes: RequestNotes, seconds: float) -> None:
    members = {
        "requestId": notes.request_id,
        "method": scope["method"],
        # The path only: a query may hold what somebody should not have put there.
        "path": scope["path"][:_SHOWN_PATH],
        "status": notes.status,
        "durationMs": round(seconds * 1_000, 1),
        "ids": notes.ids,
        "products": {each.product: {"calls": each.calls, "hits": each.hits} for each in notes.timings} or None,
        "reason": notes.reason,
    }
    _log.info("request", extra={"members": {name: value for name, value in members.items() if value is not None}})
