"""A robot in a chat group: one short message per closed change, and one for all that are closed together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from functions.events.change import ChangeRecord
from functions.events.notify.message import message_on
from functions.events.notify.sender import Answer, DeliveryResult, Request, Sender
from functions.events.submit.debounce import Debouncer
from functions.model import Clock

_MINUTE = 60.0
_MANY = 10_000


class RobotKind(msgspec.Struct, frozen=True, kw_only=True):
    """What is particular about a vendor's robots.

    `request` makes a POST of an address, a secret (None where the robot has none), a text and the time in seconds.
    Refusals come with status 200 too: `code_member` names the member of the answer that is 0 on success. A text may
    have `max_bytes`, and `per_minute` messages may be sent.
    """

    request: Callable[[str, str | None, str, float], Request]
    code_member: str
    max_bytes: int
    per_minute: int

    def accepts(self, answer: Answer) -> bool:
        """Whether the message has arrived."""
        try:
            members = msgspec.json.decode(answer.body, type=dict)
        except ValueError:
            return False
        return answer.is_success and members.get(self.code_member) == 0


class Robot:
    """One robot."""

    def __init__(  # noqa: PLR0913 -- who, where and how, each by name
        self, name: str, kind: RobotKind, url: str, secret: str | None, page_url: str | None, clock: Clock
    ) -> None:
        """`url` is the address that the robot's settings show, `page_url` that of the status page to link to."""
        self.name = name
        self._kind = kind
        self._url = url
        self._secret = secret
        self._page_url = page_url
        self._sender = Sender(name, kind.accepts, clock)
        # One message less than the limit, because those at both ends of a minute count.
        pause = _MINUTE / (kind.per_minute - 1)
        self._debouncer = Debouncer(self._send, quiet=pause, hold=pause, max_items=_MANY)

    async def deliver(self, record: ChangeRecord) -> DeliveryResult:
        """Try to deliver a record that is closed, with others. Raises nothing."""
        return await self._debouncer.add(record)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._sender.close()

    async def _send(self, records: tuple[ChangeRecord, ...]) -> Mapping[ChangeRecord, DeliveryResult]:
        text = message_on(records, self._page_url, self._kind.max_bytes)
        result = await self._sender.send(
            lambda now: self._kind.request(self._url, self._secret, text, now), {"changes": len(records)}
        )
        return dict.fromkeys(records, result)
