"""The HTTP session below the SDK: bodies are unfolded, and each read has no more time than is left of its call."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
import requests

from functions.upstream import call_scope as scopes
from functions.upstream.call_scope import CallScope, call_scope
from functions.upstream.http_session import BoundedSession, _read_bounded

BODY = {"RequestId": "R", "Tasks": []}


@pytest.fixture
def compressing() -> Iterator[str]:
    """A server that compresses its one answer, as gateways before the vendor's API may."""
    body = gzip.compress(json.dumps(BODY).encode())
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(head.encode() + body)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()


def test_a_compressed_body_is_unfolded(compressing: str) -> None:
    with call_scope(CallScope(time.monotonic() + 60)), BoundedSession(1) as session:
        assert session.get(compressing).json() == BODY


class DrippingSocket:
    """Takes a second of the clock for every byte, and notes the time that each read was given."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timeouts: list[float] = []

    def settimeout(self, seconds: float) -> None:
        self.timeouts.append(seconds)

    def read1(self, _: int, *, decode_content: bool) -> bytes:
        del decode_content
        self.now += 1.0
        return b"x"


def test_a_read_may_take_no_longer_than_is_left_of_the_whole_call(monkeypatch: pytest.MonkeyPatch) -> None:
    sock = DrippingSocket()
    monkeypatch.setattr(scopes, "time", SimpleNamespace(monotonic=lambda: sock.now))
    raw = SimpleNamespace(connection=SimpleNamespace(sock=sock), read1=sock.read1)
    with pytest.raises(TimeoutError):
        _read_bounded(cast("requests.Response", SimpleNamespace(raw=raw)), CallScope(3.0))
    assert sock.timeouts == [3.0, 2.0, 1.0]
