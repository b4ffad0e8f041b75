"""One line in the log for every request, and the headers that all answers share."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.errors import Reason
from functions.logs import current_request_id, log_event
from functions.tasks.report import Problem
from functions.tasks.results import Timing
from functions.tracing import request_span

MAX_PATH = 200
"""Characters of a path that are logged."""
MENDED_BY_PEOPLE = frozenset({Reason.DENIED, Reason.BAD_CREDENTIALS, "auth-not-configured", "keys-unavailable"})
"""Reasons that stay until somebody changes a role, a key or a setting: their lines are warnings."""
_VARY = "Accept, Authorization, Origin"
_RECORD = "task_status.access_record"
_CLIENT_ID = re.compile(r"[!-~]{1,128}")


@dataclass
class AccessRecord:
    """What is known of a request when it is over; routes fill it in.

    `ids` is how many ids were asked or submitted, `reason` that of the problem document, if the answer is one.
    """

    request_id: str
    client_request_id: str | None = None
    status: int | None = None
    ids: int | None = None
    timings: Sequence[Timing] = ()
    problems: Sequence[Problem] = ()
    reason: str | None = None


def access_record(scope: Scope) -> AccessRecord:
    """The record of the request that `scope` belongs to."""
    record: AccessRecord = scope[_RECORD]
    return record


class AccessLog:
    """The outermost middleware: names each request and logs what became of it."""

    def __init__(self, app: ASGIApp, *, on_function_compute: bool) -> None:
        """On Function Compute its request id is taken over; elsewhere anybody could have written that header."""
        self._app = app
        self._on_function_compute = on_function_compute

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        record = scope[_RECORD] = self._record(headers)

        async def send_recorded(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                _add_headers(MutableHeaders(scope=message), record)
            await send(message)

        token = current_request_id.set(record.request_id)
        started = time.perf_counter()
        try:
            with request_span(scope["method"], headers) as span:
                await self._app(scope, receive, send_recorded)
                span.set_attribute("url.path", scope["path"][:MAX_PATH])
                span.set_attribute("http.response.status_code", record.status or 0)
                span.set_attribute("request.id", record.request_id)
        finally:
            _write(scope, record, time.perf_counter() - started)
            current_request_id.reset(token)

    def _record(self, headers: Headers) -> AccessRecord:
        platform_id = headers.get("x-fc-request-id") if self._on_function_compute else None
        client_id = headers.get("x-request-id", "")
        return AccessRecord(
            request_id=platform_id or str(uuid.uuid4()),
            client_request_id=client_id if _CLIENT_ID.fullmatch(client_id) else None,
        )


def _add_headers(headers: MutableHeaders, record: AccessRecord) -> None:
    headers["X-Request-Id"] = record.request_id
    # Proxies that compress would hold back the parts of an event stream.
    headers.setdefault("Cache-Control", "no-store, no-transform")
    headers["X-Content-Type-Options"] = "nosniff"
    vary = headers.get("Vary")
    headers["Vary"] = f"{_VARY}, {vary}" if vary else _VARY


def _write(scope: Scope, record: AccessRecord, seconds: float) -> None:
    members = {
        "requestId": record.request_id,
        "clientRequestId": record.client_request_id,
        "method": scope["method"],
        # The path only: a query may hold what somebody should not have put there.
        "path": scope["path"][:MAX_PATH],
        "status": record.status,
        "durationMs": round(seconds * 1_000, 1),
        "ids": record.ids,
        "products": {each.product: {"calls": each.calls, "hits": each.hits} for each in record.timings},
        "reason": record.reason,
        "problems": record.problems,
    }
    reasons = {record.reason, *(problem.reason for problem in record.problems)}
    level = logging.WARNING if reasons & MENDED_BY_PEOPLE else logging.INFO
    log_event("request", level=level, **{name: value for name, value in members.items() if value not in (None, (), {})})
