"""What can go wrong, one frozen value per kind, and the table of what is switched on.

A fault does one of two things: it answers instead of the operation (`instead`), or it lets the operation run and spoils
the way its answer travels (`script`). Over HTTP a fault is its fields plus `kind`, the class name in lower case.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from emulator.delivery import Ending, Piece, Script, whole
from emulator.errors import Refusal
from emulator.http1 import JSON_TYPE, Reply

CHUNK = 65_536
AFTERTHOUGHT = 0.02
"""Seconds between an answer and the reset that follows it, so that the answer is read first."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=str.lower):
    """Common to all: `delay` seconds pass before anything is sent, beside the latency that is set."""

    delay: float = 0.0

    def instead(self, throttling: Refusal) -> Refusal | Reply | None:
        """What is answered instead of the operation; None: it is carried out. `throttling`: the product's own words."""
        del throttling
        return None

    def script(self, reply: Reply, wait: float) -> Script:
        """How `reply` travels, after `wait` seconds of latency."""
        return whole(reply, wait + self.delay)


class Slow(Fault, frozen=True, kw_only=True):
    """The right answer, `delay` seconds late."""


class Throttle(Fault, frozen=True, kw_only=True):
    """The product's throttling answer; `retry_after_ms` becomes `x-acs-retry-after`."""

    retry_after_ms: int | None = None

    def instead(self, throttling: Refusal) -> Refusal:
        """The product's own code and status."""
        hint = {} if self.retry_after_ms is None else {"x-acs-retry-after": str(self.retry_after_ms)}
        return msgspec.structs.replace(throttling, headers=hint)


class Refuse(Fault, frozen=True, kw_only=True):
    """Any code with any status (200 too), in the vendor's error body. Not activated: OperationDenied, 403."""

    code: str = "InternalError"
    status: int = 500
    message: str = "The request processing has failed due to some unknown error."
    headers: dict[str, str] = {}

    def instead(self, throttling: Refusal) -> Refusal:
        """The refusal as given."""
        del throttling
        return Refusal(self.status, self.code, self.message, self.headers)


class Answer(Fault, frozen=True, kw_only=True):
    """Any JSON value as the body: odd shapes."""

    body: Any = None
    status: int = 200

    def instead(self, throttling: Refusal) -> Reply:
        """The body as given."""
        del throttling
        return Reply(self.status, msgspec.json.encode(self.body))


class Text(Fault, frozen=True, kw_only=True):
    """Any text as the body: an HTML page of a proxy, nothing at all (`content=""`)."""

    content: str = "<html><body><h1>502 Bad Gateway</h1></body></html>"
    content_type: str = "text/html"
    status: int = 502

    def instead(self, throttling: Refusal) -> Reply:
        """The text as given."""
        del throttling
        return Reply(self.status, self.content.encode(), self.content_type)


class Redirect(Fault, frozen=True, kw_only=True):
    """Sends the client elsewhere."""

    location: str = "/elsewhere"
    status: int = 302

    def instead(self, throttling: Refusal) -> Reply:
        """An empty body and where to go."""
        del throttling
        return Reply(self.status, b"", "text/html", {"location": self.location})


class Truncate(Fault, frozen=True, kw_only=True):
    """The right length in the head, but only the share `keep` (0-1) of the body; then the connection is closed."""

    keep: float = 0.5

    def script(self, reply: Reply, wait: float) -> Script:
        """Head, a part of the body, the end."""
        kept = reply.body[: int(len(reply.body) * self.keep)]
        return Script((Piece(reply.head() + kept, wait + self.delay),), Ending.CLOSE)


class Reset(Fault, frozen=True, kw_only=True):
    """A TCP reset: `before-work` (the operation is not carried out), or after it and before, amid, after the answer."""

    when: Literal["before-work", "before-answer", "mid-answer", "after-answer"] = "before-answer"

    def instead(self, throttling: Refusal) -> Reply | None:
        """Nothing that anybody will read, when the operation must not run."""
        del throttling
        return Reply(0) if self.when == "before-work" else None

    def script(self, reply: Reply, wait: float) -> Script:
        """As much of the answer as is still let out, then the reset."""
        answer = reply.head() + reply.body
        sent = {"mid-answer": answer[: len(answer) // 2], "after-answer": answer}.get(self.when, b"")
        return Script((Piece(sent, wait + self.delay), Piece(b"", AFTERTHOUGHT if sent else 0.0)), Ending.RESET)

    @property
    def unanswered(self) -> bool:
        """Whether the client gets no byte."""
        return self.when in {"before-work", "before-answer"}


class Drip(Fault, frozen=True, kw_only=True):
    """The right answer, `size` bytes every `pause` seconds, from its head or from its body on."""

    part: Literal["body", "head"] = "body"
    pause: float = 0.05
    size: int = 1

    def script(self, reply: Reply, wait: float) -> Script:
        """Pieces, made as they are sent."""
        head = reply.head()
        at_once, slowly = (head, reply.body) if self.part == "body" else (b"", head + reply.body)
        drops = (Piece(slowly[at : at + self.size], self.pause) for at in range(0, len(slowly), self.size))
        return Script(itertools.chain((Piece(at_once, wait + self.delay),), drops))


class Huge(Fault, frozen=True, kw_only=True):
    """A well-formed JSON body of `size` bytes that nobody should read to the end."""

    size: int = 60_000_000

    def instead(self, throttling: Refusal) -> Reply:
        """A head's worth: the body is made while it is sent."""
        del throttling
        return Reply(200)

    def script(self, reply: Reply, wait: float) -> Script:
        """64 KB at a time, so that the emulator itself stays small."""
        del reply
        return Script(self._pieces(wait + self.delay))

    def _pieces(self, wait: float) -> Iterator[Piece]:
        opening, closing = b'{"Tasks":[],"Padding":"', b'"}'
        padding = max(0, self.size - len(opening) - len(closing))
        length = padding + len(opening) + len(closing)
        yield Piece(f"HTTP/1.1 200 OK\r\ncontent-type: {JSON_TYPE}\r\ncontent-length: {length}\r\n\r\n".encode(), wait)
        yield Piece(opening)
        for left in range(padding, 0, -CHUNK):
            yield Piece(b"x" * min(left, CHUNK))
        yield Piece(closing)


class Hang(Fault, frozen=True, kw_only=True):
    """The operation is carried out, but no answer ever comes; the connection stays open."""

    def script(self, reply: Reply, wait: float) -> Script:
        """Nothing."""
        del reply, wait
        return Script((), Ending.HANG)


AnyFault = Slow | Throttle | Refuse | Answer | Text | Redirect | Truncate | Reset | Drip | Huge | Hang


def is_unanswered(fault: Fault | None) -> bool:
    """Whether the client will not see a single byte of an answer."""
    return isinstance(fault, Hang) or (isinstance(fault, Reset) and fault.unanswered)
