"""The web function: its components, its ASGI app, and the server that runs it on a port."""

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

from functions import logs, tracing
from functions.api.auth.bearer import authenticator_for
from functions.api.interfaces import Checker, CredentialSink, EventHandler, Objects, Watchable
from functions.api.middleware.access_log import AccessLog
from functions.api.middleware.after_answer import AfterAnswer
from functions.api.middleware.authentication import Authentication
from functions.api.middleware.compression import Compression
from functions.api.middleware.cors import Cors
from functions.api.middleware.credentials import Credentials
from functions.api.middleware.errors import ErrorBoundary, problem_for
from functions.api.middleware.trusted_host import TrustedHost
from functions.api.routes.public import open_routes
from functions.api.routes.static_files import file_routes
from functions.api.routes.tasks import TaskRoutes
from functions.api.runtime.fc_requests import PlatformIdentity
from functions.api.runtime.fc_routes import invoke_route, pre_stop_route
from functions.api.runtime.lifecycle import Lifecycle
from functions.api.runtime.startup_log import log_start
from functions.api.sse import EventStreams
from functions.errors import SettingsError, TaskStatusError
from functions.settings import Settings, read_settings
from functions.tasks.results import Tasks

if TYPE_CHECKING:
    from functions.api.runtime.uvicorn_server import WebServer
    from functions.tasks.service import TaskService
    from functions.upstream.credentials import CredentialSource


class Components(msgspec.Struct, frozen=True, kw_only=True):
    """What an instance consists of.

    None are: `events` where events are not handled, `objects` without a store, `checker` without hosts to check.
    """

    settings: Settings
    tasks: Tasks
    credentials: CredentialSink | None = None
    events: EventHandler | None = None
    objects: Objects | None = None
    checker: Checker | None = None


def compose(settings: Settings) -> Components:
    """The real components. Raises SettingsError. Call it in the event loop that will serve."""
    # The SDKs and the event handler take most of the start-up time: importing the app alone must not pay for them.
    from functions.tasks.wiring import build_service  # noqa: PLC0415
    from functions.upstream.credentials import CredentialSource  # noqa: PLC0415

    credentials = CredentialSource()
    tasks = build_service(settings, credentials)
    return Components(
        settings=settings,
        tasks=tasks,
        credentials=credentials,
        events=_event_handler(settings, tasks, credentials),
        objects=_objects(settings, tasks, credentials),
        checker=_checker(settings, tasks),
    )


def create_app(components: Components, *, streaming: bool = True) -> Starlette:
    """The ASGI app. Raises SettingsError. Without `streaming`, as on built-in runtimes, it has no event streams."""
    lifecycle = Lifecycle(components.tasks)
    app = Starlette(
        routes=_routes(components, lifecycle, streaming=streaming),
        middleware=_middleware(components),
        exception_handlers={HTTPException: _problem, TaskStatusError: _problem},
        lifespan=lifecycle.lifespan,
    )
    # Function Compute's own domain turns every redirect into a 400 (docs/function-compute.md 2.6).
    app.router.redirect_slashes = False
    app.state.begin_shutdown = lifecycle.begin_shutdown
    return app


def _routes(components: Components, lifecycle: Lifecycle, *, streaming: bool) -> list[BaseRoute]:
    settings, tasks = components.settings, components.tasks
    authenticator = authenticator_for(settings.auth)
    routes: list[BaseRoute] = [*open_routes(tasks, authenticator, lambda: lifecycle.stopping)]
    if "http" in settings.doors:
        streams = EventStreams(settings, tasks.watch) if streaming and isinstance(tasks, Watchable) else None
        router = TaskRoutes(settings, tasks, streams, components.objects, components.checker).router()
        routes += file_routes()
        routes.append(Mount("/v1", router, middleware=[Middleware(Authentication, authenticator=authenticator)]))
    if settings.on_function_compute:
        platform = PlatformIdentity(settings.account_id)
        routes.append(pre_stop_route(lifecycle.end_waits, platform))
        if components.events and "events" in settings.doors:
            routes.append(invoke_route(components.events, platform))
    return routes


def _middleware(components: Components) -> list[Middleware]:
    """From the outside in."""
    settings, credentials = components.settings, components.credentials
    on_fc = settings.on_function_compute
    stack = [
        Middleware(AfterAnswer, tasks=components.tasks),
        Middleware(AccessLog, on_function_compute=on_fc),
        Middleware(Cors, origins=settings.cors_origins, behind_tls=on_fc),
        Middleware(Compression),
        Middleware(ErrorBoundary),
    ]
    if on_fc and credentials:
        platform = PlatformIdentity(settings.account_id)
        stack.append(Middleware(Credentials, sink=credentials, platform=platform))
    # What Function Compute serves has a public name; only there is the account known.
    if settings.auth.mode == "none" and settings.account_id is None:
        stack.append(Middleware(TrustedHost, hosts=settings.allowed_hosts))
    return stack


async def _problem(request: Request, fault: Exception) -> Response:
    return problem_for(request.scope, fault).response()


def _event_handler(settings: Settings, tasks: Tasks, credentials: CredentialSource) -> EventHandler | None:
    if not (settings.on_function_compute and "events" in settings.doors):
        return None
    from functions.events.wiring import open_handler  # noqa: PLC0415 -- most functions serve either HTTP or events

    return open_handler(settings, tasks, credentials)


def _objects(settings: Settings, tasks: Tasks, credentials: CredentialSource) -> Objects | None:
    if settings.store is None or "http" not in settings.doors:
        return None
    from functions.events.object_lookup import open_object_lookup  # noqa: PLC0415 -- the same

    return open_object_lookup(settings, tasks, credentials)


def _checker(settings: Settings, tasks: TaskService) -> Checker | None:
    if not settings.checks or "http" not in settings.doors:
        return None
    from functions.checks.check import Checks  # noqa: PLC0415 -- the same

    return Checks(settings, tasks)


def web_server(app: Starlette, settings: Settings, port: int, host: str | None = None) -> WebServer:
    """The server for `app`; port 0 takes any that is free. On Function Compute it listens on every address."""
    from functions.api.runtime import uvicorn_server  # noqa: PLC0415 -- built-in runtimes bring a server of their own

    on_fc = settings.on_function_compute
    default = "0.0.0.0" if on_fc else "127.0.0.1"
    return uvicorn_server.web_server(app, host=host or default, port=port, on_function_compute=on_fc)


async def serve(settings: Settings, port: int, host: str | None = None) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsError before the port is open."""
    app = create_app(compose(settings))
    log_start(settings, os.environ)
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
        tracing.configure(os.environ)
        asyncio.run(serve(settings, port, os.environ.get("HOST") or None))
    except SettingsError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
