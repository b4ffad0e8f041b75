"""A stand-in for what `s deploy` talks to: Function Compute's API, and the OSS that takes code packages."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import msgspec

API = "/2023-03-30"
_TOKEN = {
    "credentials": {"AccessKeyId": "STS.1", "AccessKeySecret": "secret", "SecurityToken": "token"},
    "ossRegion": "oss-cn-hangzhou",
    "ossBucket": "code",
    "objectName": "package",
}

_ADDRESSES = {"urlInternet": "https://task-status.example.com", "urlIntranet": "https://task-status.example.com"}


class FcService(msgspec.Struct):
    """Where it listens, and what it was given: resources by path below the API, and objects of OSS by path."""

    url: str
    resources: dict[str, dict[str, Any]] = {}
    packages: dict[str, bytes] = {}
    calls: list[str] = []


@contextmanager
def fc_service() -> Iterator[FcService]:
    """The stand-in on a free port of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Door) as server:
        service = FcService(f"http://127.0.0.1:{server.server_port}")
        server.service = service  # type: ignore[attr-defined]  # the handler's way to it
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()


class _Door(BaseHTTPRequestHandler):
    """Keeps what is put, and gives it back: POST into a collection, PUT at a path, GET from there."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self._path()
        if path.endswith("/tempBucketToken"):
            self._answer(200, _TOKEN)
        elif path in self._service.resources:
            self._answer(200, {**self._service.resources[path], "httpTrigger": _ADDRESSES})
        else:
            kind = "Trigger" if "/triggers/" in path else "Function"
            self._answer(404, {"Code": f"{kind}NotFound", "Message": "none", "RequestId": "1"})

    def do_POST(self) -> None:
        body = json.loads(self._body())
        name = body.get("triggerName") or body["functionName"]
        self._keep(f"{self._path()}/{name}", body)

    def do_PUT(self) -> None:
        path, body = self._path(), self._body()
        if path.startswith(API):
            self._keep(path, json.loads(body))
        else:
            self._service.packages[path] = body
            self._answer(200, {})

    def _keep(self, path: str, body: dict[str, Any]) -> None:
        self._service.resources[path] = body
        self._answer(200, body)

    def _path(self) -> str:
        path = urlsplit(self.path).path
        self._service.calls.append(f"{self.command} {self.path}")
        return path

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = b""
        while size := int(self.rfile.readline(), 16):
            pieces += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return pieces

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    @property
    def _service(self) -> FcService:
        service: FcService = self.server.service  # type: ignore[attr-defined]  # set above
        return service

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class's name
        pass
