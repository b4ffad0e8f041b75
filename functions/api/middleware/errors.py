"""An end to every exception: each becomes a problem document."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.api.middleware.access_log import access_record
from functions.api.problems import ProblemResponse, answer_to
from functions.logs import log_event


def problem_for(scope: Scope, fault: Exception) -> ProblemResponse:
    """The answer to an exception, noted in the access record.

    An exception that is not of functions/errors.py is logged with its places, never with its text.
    """
    answer = answer_to(fault)
    record = access_record(scope)
    record.reason = answer.document.reason
    record.problems = answer.document.problems
    if record.reason == "internal-error":
        log_event("unforeseen", level=logging.ERROR, exception=fault, requestId=record.request_id)
    return answer


class ErrorBoundary:
    """Answers for exceptions that the router does not handle."""

    def __init__(self, app: ASGIApp) -> None:
        """`app` may raise anything."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. Raises what happens after an answer has begun: it is too late for another one."""
        started = False

        async def send_noticed(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noticed)
        except Exception as fault:
            if started or scope["type"] != "http":
                raise
            await problem_for(scope, fault).response()(scope, receive, send)
