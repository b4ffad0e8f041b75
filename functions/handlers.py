"""The handlers for Function Compute's built-in Python runtimes: `http(event, context)` and `oss(event, context)`.

These runtimes serve one request per instance and cannot stream (docs/function-compute.md 1.2 and 3.5). The app, its
connections, caches and limiters live in one event loop, on a thread of its own, as long as the instance lives.
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

from functions import logs, tracing
from functions.api.interfaces import CredentialSink, EventAnswer
from functions.api.problems import RequestRefused, answer_to
from functions.api.runtime.http_event import HttpAnswer, call, problem_answer, read_event
from functions.api.runtime.startup_log import log_start
from functions.errors import TaskStatusError
from functions.server import Components, compose, create_app
from functions.settings import Settings, read_settings

T = TypeVar("T")


class EventFailed(TaskStatusError):  # noqa: N818 -- said of an event
    """Raised when an event was not handled: on a built-in runtime only an exception makes the platform try again."""


class _Instance(msgspec.Struct, frozen=True):
    app: Starlette
    components: Components


class BuiltInRuntime:
    """Both handlers over one set of components, made when the first event comes."""

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
        # An exception would show its stack to the caller (docs/function-compute.md 2.4).
        except Exception as fault:  # noqa: BLE001
            if not isinstance(fault, RequestRefused):
                logs.log_event("unforeseen", level=logging.ERROR, exception=fault, requestId=_request_id(context))
            return problem_answer(answer_to(fault))

    def oss(self, event: bytes, context: object) -> str:
        """The event handler's answer, JSON. Raises EventFailed when the platform is to try again."""
        answer = self._run(self._handled(self._ready(context).components, event))
        text = bytes(answer.body).decode()
        if answer.failed:
            raise EventFailed(text)
        return text

    async def _handled(self, components: Components, event: bytes) -> EventAnswer:
        if components.events is None:
            raise EventFailed("events are not handled here: TASK_STATUS_DOORS must name events")
        answer = await components.events.handle(event)
        await components.tasks.settle()
        return answer

    def _ready(self, context: object) -> _Instance:
        with self._starting:
            if self._instance is None:
                self._instance = self._start()
        if self._instance.components.credentials:
            _take_credentials(context, self._instance.components.credentials)
        return self._instance

    def _start(self) -> _Instance:
        # Only Function Compute calls handlers, however little of its environment a local copy of it sets.
        settings = read_settings(self._environ, on_function_compute=True)
        logs.configure(settings.log_level)
        tracing.configure(self._environ)
        log_start(settings, self._environ)
        return self._run(self._compose(settings))

    async def _compose(self, settings: Settings) -> _Instance:
        components = self._composer(settings)
        return _Instance(create_app(components, streaming=False), components)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="task-status", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _request_id(context: object) -> str | None:
    found = getattr(context, "request_id", None) or getattr(context, "requestId", None)
    return str(found) if found else None


def _take_credentials(context: object, sink: CredentialSink) -> None:
    """Python 3.10's context brings new credentials with each event; 3.12's has none (docs/function-compute.md 2.1)."""
    brought = getattr(context, "credentials", None)
    key_id, secret = getattr(brought, "access_key_id", None), getattr(brought, "access_key_secret", None)
    if key_id and secret:
        sink.offer(key_id, secret, getattr(brought, "security_token", None))


_runtime = BuiltInRuntime()
http = _runtime.http
oss = _runtime.oss
