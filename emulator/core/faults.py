"""What can go wrong, one frozen value per kind.

A fault does one of two things: it answers in place of the operation (`replacement`), or it lets the operation run and
spoils how its response is sent (`transmission`). Over HTTP a fault is its fields plus `kind`, the class name in lower
case.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from emulator.core.errors import ErrorResponse
from emulator.core.responses import JSON_TYPE, AfterSend, Chunk, Response, Transmission, transmit

BODY_CHUNK_BYTES = 65_536
RESET_DELAY = 0.02
"""Seconds between an answer and the reset that follows it, so that the answer is read first."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=str.lower):
    """Common to all: `delay` seconds pass before anything is sent, beside the latency that is set."""

    delay: float = 0.0

    def replacement(self, throttling: ErrorResponse) -> ErrorResponse | Response | None:
        """What is answered in place of the operation; None: it runs. `throttling` is the product's own error."""
        del throttling
        return None

    def transmission(self, response: Response, wait: float) -> Transmission:
        """How `response` is sent, after `wait` seconds of latency."""
        return transmit(response, wait + self.delay)


class Slow(Fault, frozen=True, kw_only=True):
    """The right answer, `delay` seconds late."""


class Throttle(Fault, frozen=True, kw_only=True):
    """The product's throttling answer; `retry_after_ms` becomes `x-acs-retry-after`."""

    retry_after_ms: int | None = None

    def replacement(self, throttling: ErrorResponse) -> ErrorResponse:
        """The product's own code and status."""
        hint = {} if self.retry_after_ms is None else {"x-acs-retry-after": str(self.retry_after_ms)}
        return msgspec.structs.replace(throttling, headers=hint)


class Refuse(Fault, frozen=True, kw_only=True):
    """Any code with any status (200 too), in the vendor's error body. Not activated: OperationDenied, 403."""

    code: str = "InternalError"
    status: int = 500
    message: str = "The request processing has failed due to some unknown error."
    headers: dict[str, str] = {}

    def replacement(self, throttling: ErrorResponse) -> ErrorResponse:
        """The error as given."""
        del throttling
        return ErrorResponse(self.status, self.code, self.message, self.headers)


class Answer(Fault, frozen=True, kw_only=True):
    """Any JSON value as the body: odd shapes."""

    body: Any = None
    status: int = 200

    def replacement(self, throttling: ErrorResponse) -> Response:
        """The body as given."""
        del throttling
        return Response(self.status, msgspec.json.encode(self.body))


class Text(Fault, frozen=True, kw_only=True):
    """Any text as the body: an HTML page of a proxy, nothing at all (`content=""`)."""

    content: str = "<html><body><h1>502 Bad Gateway</h1></body></html>"
    content_type: str = "text/html"
    status: int = 502

    def replacement(self, throttling: ErrorResponse) -> Response:
        """The text as given."""
        del throttling
        return Response(self.status, self.content.encode(), self.content_type)


class Redirect(Fault, frozen=True, kw_only=True):
    """Sends the client elsewhere."""

    location: str = "/elsewhere"
    status: int = 302

    def replacement(self, throttling: ErrorResponse) -> Response:
        """An empty body and where to go."""
        del throttling
        return Response(self.status, b"", "text/html", {"location": self.location})


class Truncate(Fault, frozen=True, kw_only=True):
    """The right length in the head, but only the share `keep` (0-1) of the body; then the connection is closed."""

    keep: float = 0.5

    def transmission(self, response: Response, wait: float) -> Transmission:
        """Head, a part of the body, the end."""
        kept = response.body[: int(len(response.body) * self.keep)]
        return Transmission((Chunk(response.head() + kept, wait + self.delay),), AfterSend.CLOSE)


class Reset(Fault, frozen=True, kw_only=True):
    """A TCP reset: `before-work` (the operation is not carried out), or after it and before, amid, after the answer."""

    when: Literal["before-work", "before-answer", "mid-answer", "after-answer"] = "before-answer"

    def replacement(self, throttling: ErrorResponse) -> Response | None:
        """A response that is never sent, when the operation must not run."""
        del throttling
        return Response(0) if self.when == "before-work" else None

    def transmission(self, response: Response, wait: float) -> Transmission:
        """As much of the answer as is still sent, then the reset."""
        answer = response.head() + response.body
        sent = {"mid-answer": answer[: len(answer) // 2], "after-answer": answer}.get(self.when, b"")
        return Transmission((Chunk(sent, wait + self.delay), Chunk(b"", RESET_DELAY if sent else 0.0)), AfterSend.RESET)

    @property
    def unanswered(self) -> bool:
        """Whether the client gets no byte."""
        return self.when in {"before-work", "before-answer"}


class Drip(Fault, frozen=True, kw_only=True):
    """The right answer, `size` bytes every `pause` seconds, from its head or from its body on."""

    part: Literal["body", "head"] = "body"
    pause: float = 0.05
    size: int = 1

    def transmission(self, response: Response, wait: float) -> Transmission:
        """Chunks, made as they are sent."""
        head = response.head()
        at_once, slowly = (head, response.body) if self.part == "body" else (b"", head + response.body)
        slow_chunks = (Chunk(slowly[at : at + self.size], self.pause) for at in range(0, len(slowly), self.size))
        return Transmission(itertools.chain((Chunk(at_once, wait + self.delay),), slow_chunks))


class Huge(Fault, frozen=True, kw_only=True):
    """A well-formed JSON body of `size` bytes that no client should read to the end."""

    size: int = 60_000_000

    def replacement(self, throttling: ErrorResponse) -> Response:
        """The head only: the body is made while it is sent."""
        del throttling
        return Response(200)

    def transmission(self, response: Response, wait: float) -> Transmission:
        """64 KB at a time, so that the emulator itself stays small."""
        del response
        return Transmission(self._chunks(wait + self.delay))

    def _chunks(self, wait: float) -> Iterator[Chunk]:
        opening, closing = b'{"Tasks":[],"Padding":"', b'"}'
        padding = max(0, self.size - len(opening) - len(closing))
        length = padding + len(opening) + len(closing)
        yield Chunk(f"HTTP/1.1 200 OK\r\ncontent-type: {JSON_TYPE}\r\ncontent-length: {length}\r\n\r\n".encode(), wait)
        yield Chunk(opening)
        for left in range(padding, 0, -BODY_CHUNK_BYTES):
            yield Chunk(b"x" * min(left, BODY_CHUNK_BYTES))
        yield Chunk(closing)


class Hang(Fault, frozen=True, kw_only=True):
    """The operation is carried out, but no answer ever comes; the connection stays open."""

    def transmission(self, response: Response, wait: float) -> Transmission:
        """Nothing."""
        del response, wait
        return Transmission((), AfterSend.HANG)


AnyFault = Slow | Throttle | Refuse | Answer | Text | Redirect | Truncate | Reset | Drip | Huge | Hang


def is_unanswered(fault: Fault | None) -> bool:
    """Whether the client will not see a single byte of an answer."""
    return isinstance(fault, Hang) or (isinstance(fault, Reset) and fault.unanswered)
