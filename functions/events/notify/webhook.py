"""A webhook: one signed POST per closed change, as Standard Webhooks has it.

    webhook-id: msg_…                 the same for every attempt to deliver one change
    webhook-timestamp: 1795320000     seconds
    webhook-signature: v1,<base64>    HMAC-SHA256 of "id.timestamp.body"

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac

import msgspec

from functions.errors import SettingsError
from functions.events.change import Action, ChangeRecord
from functions.events.notify.sender import Answer, DeliveryResult, Request, Sender
from functions.model import Clock
from functions.settings import Settings
from functions.tasks.render.task import instant_ms

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


class Webhook:
    """One URL."""

    name = "webhook"

    def __init__(self, url: str, secret: bytes, documents: str, clock: Clock) -> None:
        """`documents` is the address of the store, for the receiver to find the document."""
        self._url = url
        self._secret = secret
        self._documents = documents
        self._sender = Sender(self.name, _accepts, clock)

    async def deliver(self, record: ChangeRecord) -> DeliveryResult:
        """Try to deliver a record that is closed. Raises nothing."""
        about = {"bucket": record.bucket, "key": record.key, "outcome": record.outcome}
        return await self._sender.send(lambda now: self._request(record, int(now)), about)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._sender.close()

    def _request(self, record: ChangeRecord, now: int) -> Request:
        data = _Data(
            bucket=record.bucket,
            key=record.key,
            event=record.event,
            outcome=record.outcome,
            actions=record.actions,
            document=f"{self._documents}objects/{record.object_id}.json",
        )
        timestamp = instant_ms(record.closed_at or record.claimed_at)
        body = msgspec.json.encode(_Message(type="object.done", timestamp=timestamp, data=data))
        return Request(self._url, body, signed(self._secret, webhook_id(record), now, body))


def _accepts(answer: Answer) -> bool:
    # 410: the receiver wants no messages any more.
    return answer.is_success or answer.status == _GONE


def webhook_id(record: ChangeRecord) -> str:
    """The same for every attempt, so that a receiver recognizes repetitions."""
    return f"msg_{hashlib.sha256(f'{record.object_id} {record.change_id}'.encode()).hexdigest()[:32]}"


def signed(secret: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers."""
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    signature = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{signature}"}


def webhook_of(settings: Settings, documents: str, clock: Clock) -> Webhook | None:
    """The configured webhook, if any. Raises SettingsError: messages are signed, so there must be a secret."""
    if settings.webhook_url is None:
        return None
    if settings.webhook_secret is None:
        raise SettingsError(
            "TASK_STATUS_WEBHOOK_SECRET: it is needed with TASK_STATUS_WEBHOOK_URL."
            " Example: TASK_STATUS_WEBHOOK_SECRET=whsec_<base64 of 32 random bytes>"
        )
    return Webhook(settings.webhook_url, settings.webhook_secret, documents, clock)
