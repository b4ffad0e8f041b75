"""A gateway in front of a service that does to single requests what a network, or a restart, may do to them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, NamedTuple

import httpx

Kind = Literal["pass", "lose", "cut", "answer"]


class Deed(NamedTuple):
    """What befalls one request: passed on, its answer lost or cut in half, or answered by the gateway itself."""

    kind: Kind
    status: int = 503
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"<html>gateway</html>"


class Passed(NamedTuple):
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Gateway:
    """Its address, what is to befall the next requests, and those that came."""

    def __init__(self, port: int, behind: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.behind = behind
        self.deeds: deque[Deed] = deque()
        self.requests: list[Passed] = []

    def next_deed(self) -> Deed:
        return self.deeds.popleft() if self.deeds else Deed("pass")


class _Handler(BaseHTTPRequestHandler):
    gateway: Gateway

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.gateway.requests.append(Passed(self.command, self.path, dict(self.headers), body))
        deed = self.gateway.next_deed()
        if deed.kind == "answer":
            self._send(deed.status, deed.headers, deed.body)
            return
        answer = self._passed_on(body)
        if deed.kind == "lose":
            return
        headers = tuple((name, value) for name, value in answer.headers.items() if name != "content-length")
        self._send(answer.status_code, headers, answer.content, half=deed.kind == "cut")

    do_GET = do_POST = _any  # noqa: N815 -- http.server's own names

    def _passed_on(self, body: bytes) -> httpx.Response:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
        with httpx.Client(trust_env=False, timeout=60) as client:
            return client.request(self.command, self.gateway.behind + self.path, content=body, headers=headers)

    def _send(self, status: int, headers: tuple[tuple[str, str], ...], body: bytes, *, half: bool = False) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if half else body)

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 -- http.server's own name
        """Nothing."""


@contextmanager
def gateway_to(behind: str) -> Iterator[Gateway]:
    """One in front of the service at the address `behind`."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        gateway = Gateway(server.server_address[1], behind)
        handler.gateway = gateway  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield gateway
        finally:
            server.shutdown()
            thread.join()
