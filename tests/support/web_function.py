"""The whole web function over the emulator, on a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec

from emulator.testing import Emulator
from functions.api.runtime.uvicorn_server import WebServer
from functions.checks.check import Checks
from functions.server import Components, create_app, web_server
from functions.settings import read_settings
from functions.tasks.wiring import build_service
from functions.upstream.credentials import CredentialSource
from tests.support.eventually import GIVE_UP_SECONDS, eventually
from tests.support.real_service import KEY, environment_of


class StreamEvent(msgspec.Struct, frozen=True):
    """One event as an EventSource would dispatch it, or a comment or retry line as `other`."""

    name: str
    data: Any = None
    id: str | None = None


class Web:
    """A served function and a client for it."""

    def __init__(self, server: WebServer, client: httpx.Client) -> None:
        self.server = server
        self.client = client
        self.port: int = server.servers[0].sockets[0].getsockname()[1]

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers=headers)

    @contextmanager
    def stream(self, path: str, **headers: str) -> Iterator[tuple[httpx.Response, Iterator[StreamEvent]]]:
        with self.client.stream("GET", path, headers={"Accept": "text/event-stream", **headers}) as response:
            yield response, events_of(response)


def events_of(response: httpx.Response) -> Iterator[StreamEvent]:
    """Parse an event stream line by line, as the HTML standard says."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line == "":
            if fields:
                yield _event(fields)
            fields = {}
        elif line.startswith(":"):
            fields.setdefault("other", "comment")
        else:
            name, _, value = line.partition(": ")
            fields[name] = value


def _event(fields: dict[str, str]) -> StreamEvent:
    if "data" not in fields:
        return StreamEvent("retry" if "retry" in fields else "comment", fields.get("retry"))
    return StreamEvent(fields.get("event", "message"), msgspec.json.decode(fields["data"]), fields.get("id"))


@contextmanager
def web_over(emu: Emulator, **settings: Any) -> Iterator[Web]:
    """Serve the real service over the emulator."""
    read = read_settings(environment_of(emu, **settings))
    service = build_service(read, CredentialSource(KEY))
    checker = Checks(read, service) if read.checks else None
    server = web_server(create_app(Components(settings=read, tasks=service, checker=checker)), read, 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=GIVE_UP_SECONDS) as client:
            yield Web(server, client)
    finally:
        server.should_exit = True
        thread.join(10)
