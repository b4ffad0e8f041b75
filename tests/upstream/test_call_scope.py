"""What belongs to one call of the SDK: nothing goes out without a deadline, and an aborted call ends at its socket."""

from __future__ import annotations

import socket
import threading

import pytest

from functions.upstream.call_scope import CallScope, call_scope, current_scope


def test_outside_of_a_scope_no_call_goes_out() -> None:
    with pytest.raises(LookupError):
        current_scope()
    with call_scope(CallScope(1e12)) as scope:
        assert current_scope() is scope
    with pytest.raises(LookupError):
        current_scope()


def test_a_scope_is_that_of_its_thread_alone() -> None:
    met: list[str] = []

    def other() -> None:
        try:
            current_scope()
        except LookupError:
            met.append("none")

    with call_scope(CallScope(1e12)):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert met == ["none"]


def test_a_call_counts_as_sent_from_its_first_socket_on() -> None:
    scope = CallScope(1e12)
    ours, theirs = socket.socketpair()
    with ours, theirs, call_scope(scope):
        assert not scope.sent
        scope.use_socket(ours)
        assert scope.sent


def test_what_was_aborted_before_it_had_a_socket_is_not_sent() -> None:
    scope = CallScope(1e12)
    ours, theirs = socket.socketpair()
    with ours, theirs, call_scope(scope):
        scope.abort()
        scope.use_socket(ours)
        assert scope.expired
        assert not scope.sent
        assert theirs.recv(1) == b"", "the other side sees the end"


def test_a_deadline_that_has_passed_leaves_a_millisecond_and_not_a_socket_without_a_timeout() -> None:
    scope = CallScope(-1.0)
    assert scope.expired
    assert scope.remaining == 0.001
