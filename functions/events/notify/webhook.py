"""A webhook that is called when a change is closed: a signed POST as Standard Webhooks has it.

    webhook-id: msg_…                 the same for every attempt to deliver one change
    webhook-timestamp: 1795320000     seconds
    webhook-signature: v1,<base64>    HMAC-SHA256 of "id.timestamp.body"

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto

import msgspec
import requests

from functions.errors import SettingsError
from functions.events.change import Action, ChangeRecord
from functions.logs import log_event
from functions.model import Clock, Moment
from functions.settings import Settings
from functions.tasks.render.task import instant_ms
from functions.upstream.http_session import BoundedSession, call_within

SECONDS = 5.0
"""How long a receiver may take."""
PAUSE_SECONDS = 30.0
"""After a failure nothing is sent for so long: the receiver is the same for all, and a sweep must not wait for it."""
THREADS = 8
_GONE = 410


class _Data(msgspec.Struct, frozen=True, rename="camel"):
    bucket: str
    key: str
    event: str
    outcome: str | None
    actions: tuple[Action, ...]
    document: str


class _Message(msgspec.Struct, frozen=True):
    type: str
    timestamp: str
    data: _Data


class DeliveryResult(Enum):
    """What came of an attempt."""

    DELIVERED = auto()
    """The receiver has it, or wants no messages any more (410)."""
    FAILED = auto()
    """It did not answer, or not well."""
    NOT_TRIED = auto()
    """The receiver failed a moment ago (`PAUSE_SECONDS`)."""


class Webhook:
    """One receiver."""

    def __init__(self, url: str, secret: bytes, documents: str, clock: Clock) -> None:
        """`documents` is the address of the store, for the receiver to find the document."""
        self._url = url
        self._secret = secret
        self._documents = documents
        self._clock = clock
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="webhook")
        self._session = BoundedSession(THREADS)
        # No more calls wait than there are threads: a later one must see how the earlier ones ended.
        self._slots = asyncio.Semaphore(THREADS)
        self._failed: Moment | None = None

    async def deliver(self, record: ChangeRecord) -> DeliveryResult:
        """Try to deliver a record that is closed. Raises nothing."""
        async with self._slots:
            if self._failed is not None and self._failed.age_at(self._clock.now()) < PAUSE_SECONDS:
                return DeliveryResult.NOT_TRIED
            return await self._deliver(record)

    async def _deliver(self, record: ChangeRecord) -> DeliveryResult:
        status = await self._send(record, msgspec.json.encode(self._message(record)))
        delivered = status == _GONE or requests.codes.ok <= status < requests.codes.multiple_choices
        self._failed = None if delivered else self._clock.now()
        log_event(
            "webhook",
            level=logging.INFO if delivered else logging.WARNING,
            bucket=record.bucket,
            key=record.key,
            outcome=record.outcome,
            status=status,
        )
        return DeliveryResult.DELIVERED if delivered else DeliveryResult.FAILED

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._session.close()

    def _message(self, record: ChangeRecord) -> _Message:
        data = _Data(
            bucket=record.bucket,
            key=record.key,
            event=record.event,
            outcome=record.outcome,
            actions=record.actions,
            document=f"{self._documents}objects/{record.object_id}.json",
        )
        return _Message(type="object.done", timestamp=instant_ms(record.closed_at or self._clock.now().utc), data=data)

    async def _send(self, record: ChangeRecord, body: bytes) -> int:
        """The status; 0 when there was no answer."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._post, record, body)

    def _post(self, record: ChangeRecord, body: bytes) -> int:
        headers = {"content-type": "application/json", **signed(self._secret, webhook_id(record), self._now(), body)}
        with call_within(SECONDS):
            try:
                return self._session.post(self._url, data=body, headers=headers, allow_redirects=False).status_code
            except requests.RequestException:
                return 0

    def _now(self) -> int:
        return int(self._clock.now().wall)


def webhook_id(record: ChangeRecord) -> str:
    """The same for every attempt, so that a receiver recognizes repetitions."""
    return f"msg_{hashlib.sha256(f'{record.object_id} {record.change_id}'.encode()).hexdigest()[:32]}"


def signed(secret: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers."""
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    signature = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{signature}"}


def webhook_of(settings: Settings, documents: str, clock: Clock) -> Webhook | None:
    """The configured receiver, if any. Raises SettingsError: messages are signed, so there must be a secret."""
    if settings.webhook_url is None:
        return None
    if settings.webhook_secret is None:
        raise SettingsError(
            "TASK_STATUS_WEBHOOK_SECRET: it is needed with TASK_STATUS_WEBHOOK_URL."
            " Example: TASK_STATUS_WEBHOOK_SECRET=whsec_<base64 of 32 random bytes>"
        )
    return Webhook(settings.webhook_url, settings.webhook_secret, documents, clock)
