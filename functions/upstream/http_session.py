"""Replaces the SDK's HTTP session by one with a cap on bodies and a total deadline (docs/vendor.md 7.3, 7.4).

The SDK sends every sync call through `DaraCore._sessions`, one `requests.Session` per address; a BoundedSession is put
there first. What belongs to one call is in its `CallScope`, because the SDK passes nothing through.
A test pins this hook to the SDK's version.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError as Urllib3Error
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError
from urllib3.poolmanager import PoolManager

from functions.upstream.call_scope import CallScope, current_scope

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Room for 20,000 rows (ten ids of 2,000 URLs, docs/vendor.md 6.5) with URLs of 1,024 bytes."""
MAX_CONNECT_SECONDS = 5.0
_CHUNK_BYTES = 256 * 1024


class _AbortableConnection(HTTPConnection):
    """Tells the scope its socket before a request is sent, so that every phase of the call can be aborted."""

    was_used = False

    def request(self, *args: Any, **kwargs: Any) -> None:
        _connect(self)
        super().request(*args, **kwargs)


class _AbortableTlsConnection(HTTPSConnection):
    """The same over TLS."""

    was_used = False

    def request(self, *args: Any, **kwargs: Any) -> None:
        _connect(self)
        super().request(*args, **kwargs)


def _connect(connection: _AbortableConnection | _AbortableTlsConnection) -> None:
    if connection.was_used and current_scope().fresh:
        connection.close()
    if connection.sock is None:
        connection.connect()
    connection.was_used = True
    current_scope().use_socket(connection.sock)


class _AbortablePool(HTTPConnectionPool):
    ConnectionCls = _AbortableConnection


class _AbortableTlsPool(HTTPSConnectionPool):
    ConnectionCls = _AbortableTlsConnection


class BoundedAdapter(HTTPAdapter):
    """Reads the whole body itself: at most `MAX_BODY_BYTES`, before the scope's deadline, through no proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use connections that can be aborted."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _AbortablePool, "https": _AbortableTlsPool}

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        """Send, and read the whole body. Raises requests' exceptions; `scope.failure` then names the kind."""
        scope = current_scope()
        # The SDK honours HTTP_PROXY and not NO_PROXY; a proxy would see every signature (docs/vendor.md 7.8).
        options.update(stream=True, proxies={}, timeout=(min(MAX_CONNECT_SECONDS, scope.remaining), scope.remaining))
        try:
            _check_deadline(scope)
            response = super().send(request, **options)
            scope.http_status = response.status_code
            response._content = _read_or_close(response, scope)  # noqa: SLF001 -- requests has no other way to set it
        except (OSError, Urllib3Error) as fault:
            scope.failure = scope.failure or _failure_of(fault, scope)
            # Only the type: messages of lower layers may hold whole requests with their signature (docs/vendor.md 7.6).
            raise requests.ConnectionError(type(fault).__name__) from None
        return response


class BoundedSession(requests.Session):
    """A session that follows no redirect: the signature would be sent along (docs/vendor.md 7.6)."""

    def __init__(self, connections: int) -> None:
        """At most `connections` are kept alive per address."""
        super().__init__()
        self.trust_env = False
        adapter = BoundedAdapter(pool_connections=2, pool_maxsize=connections)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 -- the signature is requests'
        """There is none."""
        return

    def drop_connections(self) -> None:
        """Close pooled connections: after a freeze they are dead."""
        for adapter in set(self.adapters.values()):
            if isinstance(adapter, HTTPAdapter):
                _close_pools(adapter.poolmanager)


def _close_pools(manager: PoolManager) -> None:
    """Close idle connections now: `clear()` alone leaves that to the garbage collector (urllib3 2)."""
    for key in manager.pools.keys():  # noqa: SIM118 -- the container forbids iteration over itself
        with suppress(KeyError):  # another thread may have dropped it meanwhile
            manager.pools[key].close()
    manager.clear()


def _read_or_close(response: requests.Response, scope: CallScope) -> bytes:
    """The body; where it cannot be read, the connection is closed and not left to the garbage collector."""
    try:
        return _read_bounded(response, scope)
    except BaseException:
        response.raw.close()
        raise


def _read_bounded(response: requests.Response, scope: CallScope) -> bytes:
    chunks, size = [], 0
    while True:
        _limit_next_read(response, scope)
        chunk = response.raw.read1(_CHUNK_BYTES, decode_content=True)
        if not chunk:
            break
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            scope.failure = "too-large"
            msg = f"the body is larger than {MAX_BODY_BYTES} bytes"
            raise OSError(msg)
    response.raw.release_conn()
    return b"".join(chunks)


def _check_deadline(scope: CallScope) -> None:
    if scope.expired:
        msg = "the deadline has passed"
        raise TimeoutError(msg)


def _limit_next_read(response: requests.Response, scope: CallScope) -> None:
    _check_deadline(scope)
    sock = getattr(response.raw.connection, "sock", None)
    if sock is not None:
        sock.settimeout(scope.remaining)


def _failure_of(fault: Exception, scope: CallScope) -> str:
    timed_out = isinstance(fault, requests.Timeout | TimeoutError | Urllib3TimeoutError)
    return "timeout" if timed_out or scope.expired else "unreachable"
