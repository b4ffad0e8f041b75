"""A webhook receiver that keeps what it got, at `POST /_emulator/webhooks`."""

from __future__ import annotations

from threading import Lock

import msgspec

from emulator.core.clock import Clock
from emulator.core.exchange import Shared
from emulator.core.http1_parser import Request
from emulator.core.responses import Response, Transmission, transmit

PATH = "/_emulator/webhooks"
ACTION, PRODUCT = "Webhook", "webhooks"
"""The names that faults and latency know the receiver by."""
NO_CONTENT = 204


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """One POST: header names in lower case, the body as it came, the status it was result with."""

    at: float
    headers: dict[str, str]
    body: bytes
    status: int


class Webhooks:
    """What was received. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        """Nothing yet."""
        self._clock = clock
        self._lock = Lock()
        self.clear()

    def clear(self) -> None:
        """Forget it all, and answer 204 again."""
        with self._lock:
            self._received: list[Webhook] = []
            self._refusals: list[int] = []

    def url(self, emulator: str) -> str:
        """Where to POST, given the emulator's own address."""
        return emulator + PATH

    def answer(self, status: int, times: int = 1) -> None:
        """Let the next `times` be result with `status`; they are kept all the same."""
        with self._lock:
            self._refusals += [status] * times

    @property
    def received(self) -> tuple[Webhook, ...]:
        """Everything that came, oldest first."""
        with self._lock:
            return tuple(self._received)

    def receive(self, request: Request) -> int:
        """Keep it; the status to answer with."""
        with self._lock:
            status = self._refusals.pop(0) if self._refusals else NO_CONTENT
            at = self._clock.now()
            self._received.append(Webhook(at=at, headers=request.headers, body=request.body, status=status))
        return status


class WebhookHandler:
    """Answers the POSTs; everything else under that path is the control API's."""

    def __init__(self, webhooks: Webhooks, shared: Shared) -> None:
        """Keeps them in `webhooks`."""
        self._webhooks = webhooks
        self._shared = shared

    def accepts(self, request: Request) -> bool:
        """Whether this is a webhook."""
        return (request.method, request.path) == ("POST", PATH)

    def handle(self, request: Request, connection: int) -> Transmission:
        """Take it, unless a fault under `Webhook` or `webhooks` comes between."""
        del connection
        response = Response(self._webhooks.receive(request))
        wait = self._shared.latency.draw(ACTION, PRODUCT)
        fault = self._shared.faults.take(ACTION, PRODUCT)
        return fault.transmission(response, wait) if fault else transmit(response, wait)

    def reject(self, request: Request, message: str) -> Response:
        """400 for a request whose body is malformed."""
        del request
        return Response(400, message.encode(), "text/plain")
