"""Posts to one receiver, outside of the event loop, and pauses after a failure."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from http import HTTPStatus
from typing import Protocol

import msgspec
import requests

from functions.events.change import ChangeRecord
from functions.logs import log_event
from functions.model import Clock, Moment
from functions.upstream.call_scope import call_within
from functions.upstream.http_session import BoundedSession

SECONDS = 5.0
"""How long a receiver may take."""
PAUSE_SECONDS = 30.0
"""After a failure nothing is sent for so long: the receiver is the same for all, and a sweep must not wait for it."""
THREADS = 8


class DeliveryResult(Enum):
    """What came of an attempt."""

    DELIVERED = auto()
    FAILED = auto()
    """The receiver did not answer, or not well."""
    NOT_TRIED = auto()
    """The receiver failed a moment ago (`PAUSE_SECONDS`)."""


class Receiver(Protocol):
    """Somebody who wants to know."""

    @property
    def name(self) -> str:
        """Distinct among the receivers; it is stored with a change that was delivered."""

    async def deliver(self, record: ChangeRecord) -> DeliveryResult:
        """Try to deliver a record that is closed. Raises nothing."""

    def close(self) -> None:
        """Let go of threads and connections."""


class Request(msgspec.Struct, frozen=True):
    """A POST of JSON. The URL may hold a secret: it is never logged."""

    url: str
    body: bytes
    headers: Mapping[str, str] = {}


class Answer(msgspec.Struct, frozen=True):
    """What the receiver answered; status 0 when there was no answer."""

    status: int
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Sender:
    """One receiver's connections."""

    def __init__(self, name: str, accepts: Callable[[Answer], bool], clock: Clock) -> None:
        """`accepts` tells whether an answer means that the message has arrived."""
        self._name = name
        self._accepts = accepts
        self._clock = clock
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix=name)
        self._session = BoundedSession(THREADS)
        # No more calls wait than there are threads: a later one must see how the earlier ones ended.
        self._slots = asyncio.Semaphore(THREADS)
        self._failed: Moment | None = None

    async def send(self, request: Callable[[float], Request], about: Mapping[str, object]) -> DeliveryResult:
        """Post what `request` makes of the time (seconds, to sign with); `about` goes to the log. Raises nothing."""
        async with self._slots:
            if self._failed is not None and self._failed.age_at(self._clock.now()) < PAUSE_SECONDS:
                return DeliveryResult.NOT_TRIED
            answer = await self._post(request(self._clock.now().wall))
            delivered = self._accepts(answer)
            self._failed = None if delivered else self._clock.now()
        level = logging.INFO if delivered else logging.WARNING
        log_event("notification", level=level, receiver=self._name, status=answer.status, about=about)
        return DeliveryResult.DELIVERED if delivered else DeliveryResult.FAILED

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._session.close()

    async def _post(self, request: Request) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._post_now, request)

    def _post_now(self, request: Request) -> Answer:
        headers = {"content-type": "application/json; charset=utf-8", **request.headers}
        with call_within(SECONDS):
            try:
                answer = self._session.post(request.url, data=request.body, headers=headers, allow_redirects=False)
                return Answer(answer.status_code, answer.content)
            except requests.RequestException:
                return Answer(0)
