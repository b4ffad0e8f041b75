"""The store in an OSS bucket, through the official SDK, which is imported at the first use.

`create` rests on `x-oss-forbid-overwrite`, which OSS ignores on buckets whose versioning is or was on
(docs/function-compute.md 5.7): such a bucket is refused. The SDK's calls block, so they run on a few threads of their
own, each under a deadline.
"""

from __future__ import annotations

import asyncio
import importlib
import random
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from functions.errors import SettingsError, StoreFault
from functions.model import Clock, SystemClock
from functions.settings import Settings
from functions.store.protocol import Location, StoredKey, location_of
from functions.upstream.call_scope import CallScope, call_scope
from functions.upstream.credentials import CredentialSource
from functions.upstream.endpoint import Endpoint
from functions.upstream.freeze import FreezeDetector
from functions.upstream.http_session import BoundedSession

T = TypeVar("T")
THREADS = 16
CALL_SECONDS = 4.0
ATTEMPTS = 3
_BACKOFF_SECONDS = 0.1
_PAGE = 1_000
_UNREADABLE = 500
_THROTTLED = 429
_HOST = re.compile(r"oss-([a-z0-9-]+?)(-internal)?\.aliyuncs\.com")


class OssStore:
    """Objects below `location`."""

    def __init__(self, location: Location, endpoint: Endpoint, region: str, credentials: CredentialSource) -> None:
        """Nothing is imported or connected yet."""
        self._location = location
        self._endpoint = endpoint
        self._region = region
        self._credentials = credentials
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="oss")
        self._session = BoundedSession(THREADS)
        self._thaw = FreezeDetector(_CLOCK, self._session.drop_connections)
        self._connecting = threading.Lock()
        self._sdk: Any = None
        self._client: Any = None
        self._unversioned = False

    @property
    def ready(self) -> bool:
        """Whether the SDK is loaded."""
        return self._client is not None

    async def create(self, key: str, body: bytes) -> bool:
        """Write what is not there. An answer that was lost is found out about by reading what is there then."""
        created, in_doubt = await self._run(partial(self._create, key, body))
        return created or (in_doubt and await self.get(key) == body)

    async def put(self, key: str, body: bytes) -> str:
        """Write, whatever is there."""
        return await self._retried(lambda: str(self._put(key, body).etag or ""))

    async def get(self, key: str) -> bytes | None:
        """What is there."""
        return await self._retried(lambda: self._get(key))

    async def scan(self, prefix: str, *, after: str = "", limit: int | None = None) -> tuple[StoredKey, ...]:
        """Keys in order, page by page."""
        found: list[StoredKey] = []
        while True:
            count = _PAGE if limit is None else min(limit - len(found), _PAGE)
            page = await self._retried(partial(self._page, prefix, after, count))
            found += page
            if len(page) < count or len(found) == limit:
                return tuple(found)
            after = page[-1].key

    async def folders(self, prefix: str) -> tuple[str, ...]:
        """Common prefixes, page by page."""
        found: list[str] = []
        token: str | None = None
        while True:
            list_page = partial(self._list, prefix, delimiter="/", continuation_token=token, max_keys=_PAGE)
            page = await self._retried(list_page)
            found += (self._own(each.prefix) for each in page.common_prefixes or ())
            token = page.next_continuation_token
            if not token:
                return tuple(found)

    async def delete(self, key: str) -> None:
        """Remove what is there."""
        await self._retried(lambda: self._call("delete_object", "DeleteObjectRequest", key=self._full(key)))

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._session.close()

    def _create(self, key: str, body: bytes) -> tuple[bool, bool]:
        """Whether it was created, and whether an earlier attempt may have done so unheard."""
        if not self._unversioned:
            self._with_attempts(self._refuse_versions)
        for attempt in range(ATTEMPTS):
            try:
                self._put(key, body, forbid_overwrite=True)
            except _OssFault as fault:
                if fault.code == "FileAlreadyExists":
                    return False, attempt > 0
                self._wait_or_raise(fault, attempt)
            else:
                return True, False
        raise AssertionError("the last attempt returns or raises")

    async def _retried(self, call: Callable[[], T]) -> T:
        return await self._run(lambda: self._with_attempts(call))

    def _with_attempts(self, call: Callable[[], T]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                return call()
            except _OssFault as fault:
                self._wait_or_raise(fault, attempt)
        raise AssertionError("the last attempt returns or raises")

    def _wait_or_raise(self, fault: _OssFault, attempt: int) -> None:
        if not fault.transient or attempt + 1 == ATTEMPTS:
            raise fault
        time.sleep(_BACKOFF_SECONDS * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 -- jitter

    async def _run(self, call: Callable[[], T]) -> T:
        self._thaw.tick()
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def _put(self, key: str, body: bytes, **options: Any) -> Any:
        return self._call("put_object", "PutObjectRequest", key=self._full(key), body=body, **options)

    def _get(self, key: str) -> bytes | None:
        try:
            result = self._call("get_object", "GetObjectRequest", key=self._full(key))
        except _OssFault as fault:
            if fault.code == "NoSuchKey":
                return None
            raise
        return bytes(result.body.content)

    def _page(self, prefix: str, after: str, count: int) -> list[StoredKey]:
        page = self._list(prefix, start_after=self._full(after) if after else None, max_keys=count)
        return [StoredKey(self._own(each.key), each.etag or "") for each in page.contents or ()]

    def _list(self, prefix: str, **members: Any) -> Any:
        return self._call("list_objects_v2", "ListObjectsV2Request", prefix=self._full(prefix), **members)

    def _full(self, key: str) -> str:
        return self._location.prefix + key

    def _own(self, key: str) -> str:
        return key[len(self._location.prefix) :]

    def _call(self, verb: str, request: str, **members: Any) -> Any:
        self._connect()
        scope = CallScope(time.monotonic() + CALL_SECONDS)
        with call_scope(scope):
            try:
                return getattr(self._client, verb)(getattr(self._sdk, request)(bucket=self._location.bucket, **members))
            except self._sdk.exceptions.BaseError as fault:
                raise _fault_of(fault, self._sdk.exceptions.ServiceError, verb) from None

    def _connect(self) -> None:
        with self._connecting:
            if self._client is None:
                self._sdk = importlib.import_module("alibabacloud_oss_v2")
                self._client = _client(self._sdk, self._endpoint, self._region, self._credentials, self._session)

    def _refuse_versions(self) -> None:
        """Before the first key is created; who only reads needs no right to ask for it."""
        status = self._call("get_bucket_versioning", "GetBucketVersioningRequest").version_status
        if status:
            raise StoreFault(
                f"TASK_STATUS_STORE={self._location.address}: the bucket's versioning is {status}, and OSS then lets a"
                " key be written twice. Use a bucket whose versioning was never on."
            )
        self._unversioned = True


class _OssFault(StoreFault):
    """What OSS or the way to it said; `transient` when the same may work a moment later."""

    def __init__(self, text: str, *, code: str, transient: bool) -> None:
        super().__init__(text)
        self.code = code
        self.transient = transient


def _fault_of(fault: Any, service_error: Any, verb: str) -> _OssFault:
    """Of the SDK's texts nothing is taken over: they may hold what was signed (docs/vendor.md 7.6)."""
    cause = fault.unwrap() if hasattr(fault, "unwrap") else fault
    if not isinstance(cause, service_error):
        return _OssFault(f"{verb}: {type(cause).__name__}", code="", transient=True)
    status, code = int(cause.status_code or 0), str(cause.code or "")
    text = f"{verb}: {status} {code} (request {cause.request_id})"
    return _OssFault(text, code=code, transient=status >= _UNREADABLE or status == _THROTTLED)


def _client(sdk: Any, endpoint: Endpoint, region: str, credentials: CredentialSource, session: BoundedSession) -> Any:
    def newest() -> Any:
        triple = credentials.newest()
        return sdk.credentials.Credentials(triple.access_key_id, triple.access_key_secret, triple.security_token)

    config = sdk.config.load_default()
    config.region = region
    config.endpoint = f"{endpoint.protocol.lower()}://{endpoint.host}"
    config.credentials_provider = sdk.credentials.CredentialsProviderFunc(newest)
    config.http_client = importlib.import_module("alibabacloud_oss_v2.transport").RequestsHttpClient(session=session)
    config.retryer = sdk.retry.NopRetryer()
    # A fifth of a call's CPU goes into the table of that checksum; what we write is small, and no JSON when damaged.
    config.disable_upload_crc64_check = True
    return sdk.Client(config)


_CLOCK: Clock = SystemClock()


def open_store(settings: Settings, credentials: CredentialSource) -> OssStore:
    """The store that TASK_STATUS_STORE names. Raises SettingsError where its endpoint cannot be told."""
    endpoint = settings.endpoints.get("oss")
    if endpoint is None and settings.region is None:
        raise SettingsError(
            "TASK_STATUS_OSS_ENDPOINT: it is needed with TASK_STATUS_STORE, as no region is known here."
            " Example: TASK_STATUS_OSS_ENDPOINT=oss-cn-hangzhou-internal.aliyuncs.com"
        )
    endpoint = endpoint or Endpoint(f"oss-{settings.region}-internal.aliyuncs.com")
    named = _HOST.fullmatch(endpoint.host)
    # Only the emulator's host names no region, and it takes any.
    region = named[1] if named else settings.region or "cn-hangzhou"
    return OssStore(location_of(settings.store or ""), endpoint, region, credentials)
