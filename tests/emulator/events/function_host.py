"""A function's port, as Function Compute calls it: keeps every invocation, answers as a test says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


class Invocation(msgspec.Struct, frozen=True):
    """One POST."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def request_id(self) -> str:
        """Function Compute's id of the invocation."""
        return self.headers["x-fc-request-id"]

    @property
    def event(self) -> Any:
        """The body, read as JSON."""
        return msgspec.json.decode(self.body)

    @property
    def key(self) -> str:
        """The key of the one object in the event."""
        return str(self.event["events"][0]["oss"]["object"]["key"])


class Function:
    """What was invoked, and what is answered: so many more `failures`, so many `hang_up`s, nothing without `hold`."""

    def __init__(self) -> None:
        self.invocations: list[Invocation] = []
        self.failures = 0
        self.hang_up = 0
        self.status = 200
        self.hold = threading.Event()
        self.hold.set()
        self.open = self.most_open = 0
        self.lock = threading.Condition()
        self.url = ""

    @property
    def keys(self) -> list[str]:
        """The keys of the objects, in order of arrival."""
        return [invocation.key for invocation in self.invocations]

    def reached(self, count: int, timeout: float) -> bool:
        """Whether that many invocations have begun, before `timeout` seconds are over."""
        with self.lock:
            return self.lock.wait_for(lambda: len(self.invocations) >= count, timeout)

    def took(self, invocation: Invocation) -> tuple[bool, bool]:
        """Keep it; whether to fail, and whether to hang up."""
        with self.lock:
            self.invocations.append(invocation)
            self.lock.notify_all()
            self.open += 1
            self.most_open = max(self.most_open, self.open)
            hang_up, self.hang_up = self.hang_up > 0, max(0, self.hang_up - 1)
            fail, self.failures = self.failures > 0, max(0, self.failures - 1)
        self.hold.wait(10)
        with self.lock:
            self.open -= 1
        return fail, hang_up


@contextmanager
def running_function() -> Iterator[Function]:
    """A function on a port of its own."""
    function = Function()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            fail, hang_up = function.took(Invocation(self.path, headers, body))
            if hang_up:
                return
            self.send_response(function.status)
            self.send_header("content-length", "2")
            if fail:
                self.send_header("x-fc-status", "404")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- http.server's name
            pass

    class Server(ThreadingHTTPServer):
        # With http.server's own queue of five, a burst of connections would wait for the kernel to knock again.
        request_queue_size = 256

    with Server(("127.0.0.1", 0), Handler) as server:
        function.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield function
        finally:
            function.hold.set()
            server.shutdown()
            thread.join()
