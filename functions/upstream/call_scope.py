"""What belongs to one call of the SDK, for the HTTP session below it: the deadline, the socket, and what went wrong.

It is held by thread, because the SDK passes nothing through to its session.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

_local = threading.local()


class CallScope:
    """One running call: its deadline, and what the SDK's exceptions do not tell (docs/vendor.md 7.6).

    `deadline` is on the monotonic clock; `failure` is `timeout`, `too-large` or `unreachable` once it failed; `sent`
    says whether any of the request may have left this machine. A `fresh` call reuses no pooled connection.
    """

    def __init__(self, deadline: float, *, fresh: bool = False) -> None:
        """A scope belongs to one call in one thread; `abort` may come from any other."""
        self.deadline = deadline
        self.fresh = fresh
        self.http_status: int | None = None
        self.failure: str | None = None
        self.sent = False
        self.answer: Mapping[str, Any] | None = None
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._aborted = False

    @property
    def remaining(self) -> float:
        """Seconds left, at least a millisecond: a socket timeout of zero means something else."""
        return max(self.deadline - time.monotonic(), 0.001)

    @property
    def expired(self) -> bool:
        """Whether the call was aborted or its deadline has passed."""
        return self._aborted or time.monotonic() >= self.deadline

    def use_socket(self, sock: socket.socket | None) -> None:
        """Note the socket that `abort` has to shut down; after `abort` it is shut down at once."""
        with self._lock:
            self._socket = sock
            if self._aborted:
                self._shut_down()
            elif sock is not None:
                self.sent = True

    def abort(self) -> None:
        """End the call: a thread cannot be cancelled, but the socket it waits for can be shut down."""
        with self._lock:
            self._aborted = True
            self._shut_down()

    def _shut_down(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                # The plain shutdown also for TLS: the SSL object is in use by the thread that reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


@contextmanager
def call_scope(scope: CallScope) -> Iterator[CallScope]:
    """Make `scope` the one of this thread's SDK call."""
    _local.scope = scope
    try:
        yield scope
    finally:
        scope.use_socket(None)
        _local.scope = None


@contextmanager
def call_within(seconds: float) -> Iterator[CallScope]:
    """A call from the caller's own thread, cut after `seconds` even while the other side drips its answer."""
    scope = CallScope(time.monotonic() + seconds)
    watchdog = threading.Timer(seconds, scope.abort)
    watchdog.daemon = True
    watchdog.start()
    try:
        with call_scope(scope):
            yield scope
    finally:
        watchdog.cancel()


def current_scope() -> CallScope:
    """The scope of this thread's SDK call. Raises LookupError outside of one: no call goes out without limits."""
    scope: CallScope | None = getattr(_local, "scope", None)
    if scope is None:
        msg = "the SDK was called outside of call_scope()"
        raise LookupError(msg)
    return scope
