"""One SDK client per product, called from a bounded thread pool of its own.

The SDK's async methods make a connection and a TLS context for every call (docs/vendor.md 7.3), so its sync methods are
used. With a pool per product, a product that hangs takes no thread from the others.
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

from functions.errors import Reason, UpstreamFault
from functions.logs.redaction import clean_text
from functions.upstream.call_scope import CallScope, call_scope, current_scope
from functions.upstream.credentials import Credentials
from functions.upstream.endpoint import Endpoint
from functions.upstream.http_session import BoundedSession
from functions.upstream.operation import Operation, OperationKind
from functions.upstream.sdk_errors import fault_in, fault_of

THREADS = 64
_CONNECTIONS = 256
_USER_AGENT = "cdn-task-status"


class RawAnswer(msgspec.Struct, frozen=True):
    """The body as the vendor sent it, parsed as JSON only: the SDK's models hide what they do not know."""

    body: Any
    request_id: str | None


class SdkClient:
    """Calls operations of one product; its SDK is imported at the first call, not at the cold start."""

    def __init__(self, sdk_package: str, endpoint: Endpoint, region: str, credentials: Credentials) -> None:
        """Nothing is connected or imported yet."""
        self._package = sdk_package
        self._endpoint = endpoint
        self._region = region
        self._credentials = credentials
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix=sdk_package)
        self._loading = threading.Lock()
        self._sdk: Any = None

    async def prepare(self, deadline: float) -> None:
        """See to it that a call can be signed, by `deadline` (the loop's clock). Raises UpstreamFault."""
        await self._credentials.prepare(deadline)

    async def call(self, operation: Operation, parameters: Mapping[str, Any], seconds: float) -> RawAnswer:
        """Make one call that ends after `seconds` at the latest; `parameters` have the vendor's names.

        Raises UpstreamFault. When cancelled, the connection is shut down, so that no thread stays behind.
        """
        loop = asyncio.get_running_loop()
        key = self._credentials.newest()
        # A pooled connection may be dead already: a submit sent over it would have an unknown outcome. Keys are asked
        # for once an hour: theirs surely is.
        fresh = operation.kind in {OperationKind.SUBMIT, OperationKind.CREDENTIALS}
        scope = CallScope(loop.time() + seconds, fresh=fresh)
        try:
            async with asyncio.timeout(seconds + 0.05):
                result = await loop.run_in_executor(self._pool, self._call, operation, parameters, scope)
        except TimeoutError:
            scope.abort()  # before `fault_of`: from here on `scope.sent` does not change
            scope.failure = "timeout"
            result = fault_of(TimeoutError(), scope, operation.product)
        finally:
            scope.abort()
        if isinstance(result, UpstreamFault):
            if result.reason is Reason.BAD_CREDENTIALS:
                result.other_key = self._credentials.refused(key)
            raise result
        return result

    def _call(self, operation: Operation, parameters: Mapping[str, Any], scope: CallScope) -> RawAnswer | UpstreamFault:
        # The fault is a value: raised here, its context would keep the SDK's frames alive, and in them the body.
        sdk = self._loaded()
        request = getattr(sdk.models, operation.request_model)().from_map(dict(parameters))
        with call_scope(scope):
            try:
                getattr(sdk.client, operation.sdk_method)(request, sdk.runtime)
            except Exception as fault:  # noqa: BLE001 -- the SDK raises almost anything (docs/vendor.md 7.6)
                return fault_of(fault, scope, operation.product)
        assert scope.answer is not None  # noqa: S101 -- the method has called `call_api`
        return _checked(scope.answer, operation.product)

    def _loaded(self) -> Any:
        with self._loading:
            if self._sdk is None:
                self._sdk = _load_sdk(self._package, self._endpoint, self._region, self._credentials)
            return self._sdk

    def drop_connections(self) -> None:
        """Close pooled connections: after a freeze they are dead."""
        if self._sdk is not None:
            self._sdk.session.drop_connections()

    def close(self) -> None:
        """Stop the threads. Calls must have ended or been cancelled before."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._credentials.close()
        self.drop_connections()


class _Sdk:
    """A product's SDK, imported, with its client."""

    def __init__(self, client: Any, models: Any, runtime: Any, session: Any) -> None:
        self.client = client
        self.models = models
        self.runtime = runtime
        self.session = session


def _load_sdk(package: str, endpoint: Endpoint, region: str, credentials: Credentials) -> _Sdk:
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
    """Keeps the raw answer of `call_api` and gives the SDK's models nothing to parse (docs/vendor.md 7.1)."""

    def call_api(self, params: Any, request: Any, runtime: Any) -> dict[str, Any]:
        # The SDK's client stands behind this class in the bases of RawBodyClient.
        current_scope().answer = super().call_api(params, request, runtime)  # type: ignore[misc]
        return {}


def _bounded_session(endpoint: Endpoint) -> BoundedSession:
    """Put a BoundedSession where the SDK looks for this address's session, under its key (DaraCore.do_action)."""
    core = importlib.import_module("darabonba.core")
    key = f"{endpoint.protocol.lower()}://{endpoint.host}:80:pool={_CONNECTIONS}"
    sessions: dict[str, Any] = core.DaraCore._sessions  # noqa: SLF001 -- the only hook there is
    session = sessions.get(key)
    if not isinstance(session, BoundedSession):
        session = sessions[key] = BoundedSession(_CONNECTIONS)
    _silence_sdk_logger()
    return session


def _silence_sdk_logger() -> None:
    """With DEBUG=sdk it logs whole requests at DEBUG, to a stderr handler of its own (docs/vendor.md 7.8)."""
    logging.getLogger("darabonba-core").setLevel(logging.WARNING)


def _checked(answer: Mapping[str, Any], product: str) -> RawAnswer | UpstreamFault:
    body = answer.get("body")
    fault = fault_in(body, answer["statusCode"], product)
    if fault is not None:
        return fault
    named = body.get("RequestId") if isinstance(body, dict) else None
    request_id = named if isinstance(named, str) else answer["headers"].get("x-acs-request-id")
    return RawAnswer(body, clean_text(request_id) if isinstance(request_id, str) else None)
