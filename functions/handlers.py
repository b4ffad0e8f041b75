"""The same doors for Function Compute's built-in Python runtimes: `http(event, context)` and `oss(event, context)`.

These runtimes serve one request per instance and cannot stream (FC facts 1 and 2). The app, its pooled connections,
caches and limiters live in one event loop on a thread of its own for as long as the instance lives.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import msgspec
from starlette.applications import Starlette

from functions import logs
from functions.api.problems import RequestRefused, answer_to
from functions.api.protocols import CredentialSink, EventHandler
from functions.api.runtime.http_event import HttpAnswer, call, problem_answer, read_event
from functions.errors import TaskStatusError
from functions.server import Components, compose, create_app
from functions.settings import Settings, read_settings

T = TypeVar("T")
_log = logging.getLogger(__name__)


class EventFailed(TaskStatusError):  # noqa: N818 -- said of an event
    """Raised when an event was not dealt with: on a built-in runtime only an exception makes the platform try again."""


class _Instance(msgspec.Struct, frozen=True):
    app: Starlette
    parts: Components


class BuiltInRuntime:
    """Both handlers over one set of parts, made when the first event comes."""

    def __init__(
        self, composer: Callable[[Settings], Components] = compose, environ: Mapping[str, str] = os.environ
    ) -> None:
        """`environ` is read at the first event, not at import."""
        self._composer = composer
        self._environ = environ
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._instance: _Instance | None = None

    def http(self, event: bytes, context: object) -> HttpAnswer:
        """The answer to an HTTP trigger's event; whatever happens, nothing is raised."""
        try:
            read = read_event(event)
            instance = self._ready(context)
            return self._run(call(instance.app, read, _request_id(context) or read.request_id))
        except Exception as fault:  # noqa: BLE001 -- what leaves a handler shows its stack to the caller (FC facts 2)
            if not isinstance(fault, RequestRefused):
                _log.error("unforeseen", exc_info=fault, extra={"members": {"requestId": _request_id(context)}})
            return problem_answer(answer_to(fault))

    def oss(self, event: bytes, context: object) -> str:
        """The event door's answer, JSON. Raises EventFailed when the platform is to try again."""
        answer = self._run(self._events(context).handle(event))
        text = bytes(answer.body).decode()
        if answer.failed:
            raise EventFailed(text)
        return text

    def _events(self, context: object) -> EventHandler:
        events = self._ready(context).parts.events
        if events is None:
            raise EventFailed("the event door is shut: TASK_STATUS_DOORS must name events")
        return events

    def _ready(self, context: object) -> _Instance:
        with self._starting:
            if self._instance is None:
                self._instance = self._start()
        _take_credentials(context, self._instance.parts.credentials)
        return self._instance

    def _start(self) -> _Instance:
        # Only Function Compute calls handlers, however little of its environment there is in a test of theirs.
        settings = msgspec.structs.replace(read_settings(self._environ), on_function_compute=True)
        logs.configure(settings.log_level)
        return self._run(self._compose(settings))

    async def _compose(self, settings: Settings) -> _Instance:
        parts = self._composer(settings)
        app = create_app(
            settings,
            parts.tasks,
            credentials=parts.credentials,
            events=parts.events,
            objects=parts.objects,
            streaming=False,
        )
        return _Instance(app=app, parts=parts)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="task-status", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _request_id(context: object) -> str | None:
    found = getattr(context, "request_id", None) or getattr(context, "requestId", None)
    return str(found) if found else None


def _take_credentials(context: object, sink: CredentialSink) -> None:
    """Python 3.10's context brings a new triple with each event; 3.12's has none (FC facts 2 and 4)."""
    brought = getattr(context, "credentials", None)
    key_id, secret = getattr(brought, "access_key_id", None), getattr(brought, "access_key_secret", None)
    if key_id and secret:
        sink.offer(key_id, secret, getattr(brought, "security_token", None))


_runtime = BuiltInRuntime()
http = _runtime.http
oss = _runtime.oss
