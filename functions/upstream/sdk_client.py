"""One SDK client per product for life, called from its own bounded pool of threads (design part 3).

The SDK's async methods make a connection and a TLS context for every call (facts 7.3), so its sync methods are used;
with a pool per product, one that hangs starves no other.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from functions.settings import Endpoint
from functions.upstream.credentials import CredentialSource
from functions.upstream.http_session import BoundedSession, CallScope, call_scope, current_scope
from functions.upstream.operation import Operation, OperationKind
from functions.upstream.sdk_errors import fault_in, fault_of

log = logging.getLogger(__name__)

THREADS = 64
_CONNECTIONS = 256
_USER_AGENT = "cdn-task-status"


class RawAnswer(msgspec.Struct, frozen=True):
    """The body as the vendor sent it, parsed from JSON and nothing else; the models drop what they do not know."""

    body: Any
    request_id: str | None


class SdkClient:
    """Calls operations of one product; its SDK is imported at the first call, so nobody waits for one not asked."""

    def __init__(self, sdk_package: str, endpoint: Endpoint, region: str, credentials: CredentialSource) -> None:
        """Nothing is connected or imported yet."""
        self._package = sdk_package
        self._endpoint = endpoint
        self._region = region
        self._credentials = credentials
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix=sdk_package)
        self._connecting = threading.Lock()
        self._sdk: Any = None

    async def call(self, operation: Operation, parameters: Mapping[str, Any], seconds: float) -> RawAnswer:
        """One call, over after `seconds` at the latest. `parameters` bear the vendor's names.

        Raises UpstreamFault. Cancelled, it cuts the connection, so that no thread is left behind.
        """
        loop = asyncio.get_running_loop()
        # A pooled connection may have died unnoticed; a submit that met one would have an unknown outcome.
        scope = CallScope(loop.time() + seconds, fresh=operation.kind is OperationKind.SUBMIT)
        try:
            async with asyncio.timeout(seconds + 0.05):
                return await loop.run_in_executor(self._pool, self._call, operation, parameters, scope)
        except TimeoutError:
            scope.abort()  # first: from here on it is certain whether the request has left
            scope.failure = "timeout"
            raise fault_of(TimeoutError(), scope, operation.product) from None
        finally:
            scope.abort()

    def _call(self, operation: Operation, parameters: Mapping[str, Any], scope: CallScope) -> RawAnswer:
        sdk = self._connected()
        request = getattr(sdk.models, operation.request_model)().from_map(dict(parameters))
        with call_scope(scope):
            try:
                getattr(sdk.client, operation.sdk_method)(request, sdk.runtime)
            except Exception as fault:  # noqa: BLE001 -- the SDK lets anything through (facts 7.6)
                raise fault_of(fault, scope, operation.product) from None
        return _checked(scope.answer or {}, operation.product)

    def _connected(self) -> Any:
        with self._connecting:
            if self._sdk is None:
                self._sdk = _connect(self._package, self._endpoint, self._region, self._credentials)
            return self._sdk

    def drop_connections(self) -> None:
        """Forget pooled connections: after a freeze they are dead."""
        if self._sdk is not None:
            self._sdk.session.drop_connections()

    def close(self) -> None:
        """Stop the threads; calls under way have been cut before."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.drop_connections()


class _Sdk:
    """A product's SDK, loaded and connected."""

    def __init__(self, client: Any, models: Any, runtime: Any, session: Any) -> None:
        self.client = client
        self.models = models
        self.runtime = runtime
        self.session = session


def _connect(package: str, endpoint: Endpoint, region: str, credentials: CredentialSource) -> _Sdk:
    sdk_client = importlib.import_module(f"{package}.client")
    models = importlib.import_module(f"{package}.models")
    config_models = importlib.import_module("alibabacloud_tea_openapi.utils_models")
    runtime = importlib.import_module("darabonba.runtime")
    session = _bounded_session(endpoint)
    client = type("RawBodyClient", (_KeepsRawBody, sdk_client.Client), {})(
        config_models.Config(
            credential=credentials,
            endpoint=endpoint.host,
            protocol=endpoint.protocol,
            region_id=region,
            user_agent=_USER_AGENT,
            max_idle_conns=_CONNECTIONS,
        )
    )
    return _Sdk(client, models, runtime.RuntimeOptions(), session)


class _KeepsRawBody:
    """Keeps what `call_api` got and gives the SDK's models nothing to parse."""

    def call_api(self, params: Any, request: Any, runtime: Any) -> dict[str, Any]:
        # The SDK's client stands behind this class in the bases of RawBodyClient.
        current_scope().answer = super().call_api(params, request, runtime)  # type: ignore[misc]
        return {}


def _bounded_session(endpoint: Endpoint) -> BoundedSession:
    """Put our session where the SDK looks for the one of this address, under the key it makes (DaraCore.do_action)."""
    core = importlib.import_module("darabonba.core")
    key = f"{endpoint.protocol.lower()}://{endpoint.host}:80:pool={_CONNECTIONS}"
    sessions: dict[str, Any] = core.DaraCore._sessions  # noqa: SLF001 -- the only hook there is
    session = sessions.get(key)
    if not isinstance(session, BoundedSession):
        session = sessions[key] = BoundedSession(_CONNECTIONS)
    _silence_sdk_logger()
    return session


def _silence_sdk_logger() -> None:
    """The SDK logs at DEBUG to a stderr handler of its own, and with DEBUG=sdk whole requests (facts 7.8)."""
    sdk_log = logging.getLogger("darabonba-core")
    sdk_log.handlers.clear()
    sdk_log.setLevel(logging.WARNING)


def _checked(answer: Mapping[str, Any], product: str) -> RawAnswer:
    body, headers = answer.get("body"), answer.get("headers") or {}
    fault = fault_in(body, int(answer.get("statusCode") or 0), product)
    if fault is not None:
        raise fault
    named = body.get("RequestId") if isinstance(body, dict) else None
    return RawAnswer(body, named if isinstance(named, str) else headers.get("x-acs-request-id"))
