"""The web function: what it is put together from, and the server that runs it on a port."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from functions import logs
from functions.api.auth.bearer import Authenticator, Authorization, admission_by
from functions.api.health import open_routes
from functions.api.middleware.compression import Compression
from functions.api.middleware.cors import Cors
from functions.api.middleware.observe import AccessLog, Credentials, ErrorBoundary, problem_for
from functions.api.protocols import CredentialSink, EventHandler, Objects, Watchable
from functions.api.routes import TaskRoutes
from functions.api.runtime.fc_hooks import invoke_route, pre_stop_route
from functions.api.runtime.lifecycle import Lifecycle
from functions.api.sse import EventStreams
from functions.api.static_files import file_routes
from functions.errors import SettingsError, TaskStatusError
from functions.settings import Settings, read_settings
from functions.tasks.results import Tasks

if TYPE_CHECKING:
    from functions.api.runtime.uvicorn_server import WebServer
    from functions.upstream.credentials import CredentialSource


class Components(msgspec.Struct, frozen=True, kw_only=True):
    """What an instance consists of. `events` is None where that door is shut, `objects` where there is no store."""

    settings: Settings
    tasks: Tasks
    credentials: CredentialSink
    events: EventHandler | None
    objects: Objects | None = None


def compose(settings: Settings) -> Components:
    """The real parts. Raises SettingsError. Call it where the loop runs that will serve."""
    # The SDKs and the event door are the better part of the start-up time: who only wants the app need not pay it.
    from functions.tasks.service import build_service  # noqa: PLC0415
    from functions.upstream.credentials import CredentialSource  # noqa: PLC0415

    credentials = CredentialSource()
    tasks = build_service(settings, credentials)
    return Components(
        settings=settings,
        tasks=tasks,
        credentials=credentials,
        events=_event_door(settings, tasks, credentials),
        objects=_objects(settings, tasks, credentials),
    )


def create_app(  # noqa: PLR0913 -- the parts of an instance, each by name
    settings: Settings,
    tasks: Tasks,
    *,
    credentials: CredentialSink | None = None,
    events: EventHandler | None = None,
    objects: Objects | None = None,
    streaming: bool = True,
) -> Starlette:
    """The ASGI app, over anything that answers questions. Raises SettingsError.

    `credentials` is offered the triples that Function Compute sends; `events` gets what it delivers to `/invoke`;
    `objects` knows what changed.
    Without `streaming` there are no event streams: Function Compute's built-in runtimes cannot send any.
    """
    lifecycle = Lifecycle(tasks)
    app = Starlette(
        routes=_routes(settings, tasks, lifecycle, events, objects, streaming=streaming),
        middleware=_middleware(settings, credentials),
        exception_handlers={HTTPException: _answer, TaskStatusError: _answer},
        lifespan=lifecycle.lifespan,
    )
    # A redirect is of no use: Function Compute's own domain turns every 3xx into a 400 (FC facts 2).
    app.router.redirect_slashes = False
    app.state.let_go = lifecycle.let_go
    return app


def _routes(  # noqa: PLR0913 -- everything that has a route, each by name
    settings: Settings,
    tasks: Tasks,
    lifecycle: Lifecycle,
    events: EventHandler | None,
    objects: Objects | None,
    *,
    streaming: bool,
) -> list[BaseRoute]:
    admission = admission_by(settings.auth)
    routes: list[BaseRoute] = [*open_routes(tasks, admission)]
    if "http" in settings.doors:
        routes += file_routes()
        streams = EventStreams(settings, tasks.watch) if streaming and isinstance(tasks, Watchable) else None
        routes.append(_questions(TaskRoutes(settings, tasks, streams, objects), admission))
    if settings.on_function_compute:
        routes.append(pre_stop_route(lifecycle.stop))
    if settings.on_function_compute and "events" in settings.doors and events:
        routes.append(invoke_route(events))
    return routes


def _questions(questions: TaskRoutes, admission: Authenticator) -> Mount:
    return Mount("/v1", questions.router(), middleware=[Middleware(Authorization, admission=admission)])


def _middleware(settings: Settings, credentials: CredentialSink | None) -> list[Middleware]:
    on_fc = settings.on_function_compute
    stack = [
        Middleware(AccessLog, on_function_compute=on_fc),
        Middleware(Cors, origins=settings.cors_origins, behind_tls=on_fc),
        Middleware(Compression),
        Middleware(ErrorBoundary),
    ]
    if on_fc and credentials:
        stack.append(Middleware(Credentials, sink=credentials))
    return stack


async def _answer(request: Request, fault: Exception) -> Response:
    return problem_for(request.scope, fault).response()


def _event_door(settings: Settings, tasks: Tasks, credentials: CredentialSource) -> EventHandler | None:
    if not (settings.on_function_compute and "events" in settings.doors):
        return None
    from functions.events.wiring import open_door  # noqa: PLC0415 -- one door is all that most functions open

    return open_door(settings, tasks, credentials)


def _objects(settings: Settings, tasks: Tasks, credentials: CredentialSource) -> Objects | None:
    if settings.store is None or "http" not in settings.doors:
        return None
    from functions.events.object_lookup import open_objects  # noqa: PLC0415 -- the same

    return open_objects(settings, tasks, credentials)


def web_server(app: Starlette, settings: Settings, port: int, host: str | None = None) -> WebServer:
    """The server for `app`; port 0 takes any that is free. On Function Compute it listens on every address."""
    from functions.api.runtime.uvicorn_server import web_server as serving  # noqa: PLC0415 -- built-in runtimes bring their own

    everywhere = "0.0.0.0" if settings.on_function_compute else "127.0.0.1"
    return serving(app, host=host or everywhere, port=port, on_function_compute=settings.on_function_compute)


async def serve(settings: Settings, port: int, host: str | None = None) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsError before the port is open."""
    parts = compose(settings)
    app = create_app(settings, parts.tasks, credentials=parts.credentials, events=parts.events, objects=parts.objects)
    await web_server(app, settings, port, host).serve()


def _port(environ: Mapping[str, str]) -> int:
    raw = environ.get("PORT", "").strip() or "9000"
    if not (raw.isascii() and raw.isdigit() and 0 < int(raw) < 65_536):  # noqa: PLR2004 -- all ports there are
        raise SettingsError(f"PORT: {raw!r} cannot be used: it must be from 1 to 65535. Example: PORT=9000")
    return int(raw)


def main() -> int:
    """Run the web function from the environment; 2 and one line on stderr when it cannot be used."""
    try:
        settings, port = read_settings(os.environ), _port(os.environ)
        logs.configure(settings.log_level)
        asyncio.run(serve(settings, port, os.environ.get("HOST") or None))
    except SettingsError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
