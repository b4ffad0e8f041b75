"""Signed requests by hand, over raw sockets: what no SDK would send, and answers as they really arrived."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import urlencode
from uuid import uuid4

import msgspec
from alibabacloud_tea_openapi.utils import Utils

from emulator.testing import Emulator
from tests.support.eventually import GIVE_UP_SECONDS

VERSIONS = {"cdn": "2018-05-10", "dcdn": "2018-01-15", "vod": "2017-03-21", "esa": "2024-09-10"}
ALGORITHM = "ACS3-HMAC-SHA256"


class Answer(msgspec.Struct, frozen=True):
    """What came back until the other side stopped or the length was reached."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The vendor's error code, "" without one."""
        return str(msgspec.json.decode(self.body).get("Code", ""))


class SignedRequest(msgspec.Struct, kw_only=True):
    """A request that is right until a test spoils it. The SDK's own function signs it."""

    action: str = "DescribeRefreshTaskById"
    params: dict[str, str]
    form: dict[str, str] = {}
    product: str = "cdn"
    key_id: str = "emulator"
    secret: str = "emulator"
    method: str = "POST"
    headers: dict[str, str] = {}
    unsigned: tuple[str, ...] = ()

    def bytes_for(self, emu: Emulator, *, after_signing: Mapping[str, str] | None = None) -> bytes:
        """The whole request; `after_signing` headers replace those that were signed."""
        body = urlencode(self.form).encode()
        headers = {
            "host": emu.endpoint,
            "x-acs-action": self.action,
            "x-acs-version": VERSIONS[self.product],
            "x-acs-date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": uuid4().hex,
            "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
            **({"content-type": "application/x-www-form-urlencoded"} if self.form else {}),
            **self.headers,
        }
        signed = {name: value for name, value in headers.items() if name not in self.unsigned}
        to_sign = SimpleNamespace(pathname="/", query=self.params, headers=signed, method=self.method)
        payload = headers["x-acs-content-sha256"]
        authorization = Utils.get_authorization(to_sign, ALGORITHM, payload, self.key_id, self.secret)
        sent = {**headers, "authorization": authorization, "content-length": str(len(body)), **(after_signing or {})}
        target = f"/?{urlencode(self.params)}" if self.params else "/"
        lines = [f"{self.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body

    def send(self, emu: Emulator, *, after_signing: Mapping[str, str] | None = None) -> Answer:
        """Its answer."""
        return exchange(emu, self.bytes_for(emu, after_signing=after_signing))


def exchange(emu: Emulator, request: bytes) -> Answer:
    """Send bytes on a new connection, read one answer."""
    with connected(emu) as connection:
        connection.sendall(request)
        return read_answer(connection)


def connected(emu: Emulator) -> socket.socket:
    """A new connection."""
    return socket.create_connection((emu.host, emu.port), timeout=GIVE_UP_SECONDS)


def read_answer(connection: socket.socket) -> Answer:
    """One answer: to its declared length, or to the end of the connection."""
    head, body = b"", b""
    while b"\r\n\r\n" not in head and (data := connection.recv(65_536)):
        head += data
    head, _, body = head.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers["content-length"]) and (data := connection.recv(65_536)):
        body += data
    return Answer(int(status_line.split(" ")[1]), headers, body)
