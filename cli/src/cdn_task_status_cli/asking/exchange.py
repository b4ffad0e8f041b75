"""One request and its answer over HTTP/1.1, within a deadline.

Every request has a connection of its own: a service that restarts, moves or closes idle connections between two of
them goes unnoticed. Redirects are not followed: they would carry the token to another host.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus

from cdn_task_status_cli import __version__
from cdn_task_status_cli.asking.deadline import Deadline
from cdn_task_status_cli.asking.endpoint import Endpoint
from cdn_task_status_cli.faults import CannotAsk, TimeOut

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
"""Longer than the service's own deadline for a question, 10 s by default."""
HIDDEN = "***"
_PIECE = 65_536


class Fate(Enum):
    """What became of a request that was not carried out as far as we know."""

    UNSENT = auto()
    """It did not reach the service."""
    LOST = auto()
    """It may have reached the service, whose answer did not reach us."""
    DECLINED = auto()
    """The service itself said: not now."""


class Trouble(Exception):  # noqa: N818 -- an event that may pass, not an error yet
    """Raised when a request got no answer, or one that says: try again later."""

    def __init__(self, text: str, fate: Fate, retry_after: float = 0.0) -> None:
        """`text` is for people; `retry_after` in seconds."""
        super().__init__(text)
        self.fate = fate
        self.retry_after = retry_after


@dataclass(frozen=True)
class Request:
    """A request for a path below the endpoint; `hold` are the seconds for which the service may keep it waiting."""

    method: str
    path: str
    content: Mapping[str, object] | None = None
    idempotency_key: str | None = None
    hold: int = 0


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_success(self) -> bool:
        """Whether its status is one of 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def retry_after(self) -> int | None:
        """Seconds, None when it does not say or gives a date, which this service never does."""
        text = self.headers.get("retry-after", "")
        return int(text) if text.isascii() and text.isdigit() else None

    def without(self, secret: str) -> Answer:
        """The same where no text holds the secret: what refuses a request may quote it."""
        headers = {name: value.replace(secret, HIDDEN) for name, value in self.headers.items()}
        return Answer(self.status, headers, self.body.replace(secret.encode(), HIDDEN.encode()))


def exchange(endpoint: Endpoint, request: Request, token: str | None, deadline: Deadline) -> Answer:
    """Send it and read the whole answer. Raises Trouble, TimeOut; CannotAsk for what does not pass by itself."""
    connection = _connection(endpoint, min(CONNECT_SECONDS, deadline.remaining()))
    try:
        channel = _connected(connection, endpoint)
        return _asked(connection, channel, _Message.of(endpoint, request, token), deadline)
    finally:
        connection.close()


@dataclass(frozen=True)
class _Message:
    """The request as it travels."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    patience: float

    @staticmethod
    def of(endpoint: Endpoint, request: Request, token: str | None) -> _Message:
        headers = {
            "Accept": "application/json",
            "User-Agent": f"cdn-task-status-cli/{__version__}",
            "Connection": "close",
        }
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if request.idempotency_key is not None:
            headers["Idempotency-Key"] = request.idempotency_key
        target = endpoint.path + request.path
        if endpoint.scheme == "http" and (proxy := endpoint.proxy()):
            # RFC 9112, 3.2.2: a proxy is asked for the whole URL.
            target = f"{endpoint}{request.path}"
            headers |= proxy.headers
        body = None
        if request.content is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(request.content).encode()
        return _Message(request.method, target, headers, body, request.hold + ANSWER_SECONDS)


def _connection(endpoint: Endpoint, seconds: float) -> http.client.HTTPConnection:
    proxy = endpoint.proxy()
    host, port = (proxy.host, proxy.port) if proxy else (endpoint.host, endpoint.port)
    if endpoint.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=seconds)
    connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=ssl.create_default_context())
    if proxy:
        connection.set_tunnel(endpoint.host, endpoint.port, proxy.headers)
    return connection


def _connected(connection: http.client.HTTPConnection, endpoint: Endpoint) -> socket.socket:
    try:
        connection.connect()
    except ssl.SSLCertVerificationError as fault:
        hint = "a private authority's certificate is named by SSL_CERT_FILE"
        raise CannotAsk(f"{endpoint} cannot be trusted: {fault.verify_message}; {hint}") from None
    except socket.gaierror as fault:
        if fault.errno == socket.EAI_NONAME:
            raise CannotAsk(f"no such host: {endpoint}") from None
        raise Trouble(f"{endpoint} cannot be found: {fault.strerror}", Fate.UNSENT) from None
    except (OSError, http.client.HTTPException) as fault:
        raise Trouble(f"{endpoint} cannot be reached: {_words(fault)}", Fate.UNSENT) from None
    return connection.sock


def _asked(
    connection: http.client.HTTPConnection, channel: socket.socket, message: _Message, deadline: Deadline
) -> Answer:
    channel.settimeout(min(message.patience, deadline.remaining()))
    try:
        connection.request(message.method, message.target, message.body, dict(message.headers))
        with connection.getresponse() as response:
            body = _body(response, channel, message.patience, deadline)
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, body)
    except (OSError, http.client.HTTPException, TimeOut) as fault:
        raise Trouble(f"the answer was cut off: {_words(fault)}", Fate.LOST) from None


def _body(response: http.client.HTTPResponse, channel: socket.socket, patience: float, deadline: Deadline) -> bytes:
    pieces = []
    while piece := response.read1(_PIECE):
        pieces.append(piece)
        channel.settimeout(min(patience, deadline.remaining()))
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(pieces)


def _words(fault: BaseException) -> str:
    """What happened, without the request: exceptions of http.client may quote it."""
    if isinstance(fault, TimeoutError | TimeOut):
        return "no answer in time"
    if isinstance(fault, ConnectionError) and not isinstance(fault, http.client.HTTPException):
        return fault.strerror or type(fault).__name__
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror
    return type(fault).__name__
