"""The service's verbs, each asked until it answers: whatever may pass by itself is tried again, until the deadline."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from cdn_task_status_cli.asking.deadline import Deadline
from cdn_task_status_cli.asking.endpoint import Endpoint
from cdn_task_status_cli.asking.exchange import Answer, Fate, Request, Trouble, exchange
from cdn_task_status_cli.asking.problems import refusal_of
from cdn_task_status_cli.asking.reading import Malformed, read
from cdn_task_status_cli.asking.shapes import Page, Quotas, Report, SubmitReport
from cdn_task_status_cli.asking.tokens import Tokens
from cdn_task_status_cli.faults import CannotAsk, CommandError, TimeOut, UnknownOutcome

Shape = TypeVar("Shape")
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 15.0
KEY_SECONDS = 300.0
"""How long a submission that may have arrived is repeated: the service remembers its key for 600 s."""


@dataclass(frozen=True)
class Reply(Generic[Shape]):
    """An answer as `value` and as the `document` it was; `retry_after`: seconds until the next question."""

    value: Shape
    document: Mapping[str, Any]
    retry_after: int | None


class Service:
    """One caller's view of the service.

    Every verb raises UsageError, CannotAsk, and TimeOut when the deadline came.
    """

    def __init__(
        self, endpoint: Endpoint, tokens: Tokens, deadline: Deadline, on_trouble: Callable[[str], None]
    ) -> None:
        """`on_trouble` is told whenever an attempt failed and another will follow."""
        self._endpoint = endpoint
        self._tokens = tokens
        self._deadline = deadline
        self._on_trouble = on_trouble
        self._has_answered = False

    def lookup(self, question: Mapping[str, object], hold: int = 0) -> Reply[Report]:
        """`question` are members of POST /v1/tasks/query; the service may keep it waiting for `hold` seconds."""
        return self._asked(Report, Request("POST", "/v1/tasks/query", question, hold=hold))

    def page(self, question: Mapping[str, object]) -> Reply[Page]:
        """One page of a list."""
        return self._asked(Page, Request("POST", "/v1/tasks/query", question))

    def quotas(self, accounts: tuple[str, ...]) -> Reply[Quotas]:
        """What is left today in these accounts; none named: in the service's own."""
        query = f"?{urlencode({'account': ','.join(accounts)})}" if accounts else ""
        return self._asked(Quotas, Request("GET", f"/v1/quota{query}"))

    def submit(self, submission: Mapping[str, object], key: str) -> SubmitReport:
        """Submit once, however often it must be sent: `key` tells the service that it is the same.

        Raises UnknownOutcome when it may have arrived, and trying again could submit it twice.
        """
        sending = _Sending(self._deadline)
        request = Request("POST", "/v1/tasks", submission, idempotency_key=key)
        try:
            answer = self._patiently(request, sending.note)
            refusal = refusal_of(answer)
            if refusal and refusal.document and refusal.document.rejected:
                return SubmitReport(rejected=refusal.document.rejected)
            return self._value(SubmitReport, answer).value
        except CommandError:
            if sending.lost:
                raise UnknownOutcome(f"it was sent, and no answer came: {sending.lost}") from None
            raise

    def _asked(self, shape: type[Shape], request: Request) -> Reply[Shape]:
        return self._value(shape, self._patiently(request))

    def _value(self, shape: type[Shape], answer: Answer) -> Reply[Shape]:
        refusal = refusal_of(answer)
        if refusal:
            raise refusal.error
        try:
            document = json.loads(answer.body)
            return Reply(read(shape, document), document, answer.retry_after)
        except (ValueError, RecursionError, Malformed):
            told = f"{self._endpoint} answered as cdn-task-status does not; is it the right address?"
            raise CannotAsk(told) from None

    def _patiently(self, request: Request, note: Callable[[Trouble, float], None] = lambda *_: None) -> Answer:
        """The first answer that is not one to try again; `note` is told of the others, and of the pause after each."""
        last: Trouble | None = None
        try:
            for backoff in _backoffs():
                try:
                    return self._once(request)
                except Trouble as trouble:
                    last = trouble
                pause = max(last.retry_after, backoff)
                note(last, pause)
                self._on_trouble(str(last))
                self._deadline.pause(pause)
        except TimeOut:
            if last and not self._has_answered:
                raise CannotAsk(f"no answer within {self._deadline.seconds:g} s: {last}") from None
            raise
        raise AssertionError("there is always another attempt")

    def _once(self, request: Request) -> Answer:
        """One attempt; a second one when the token was refused and there is a newer one. Raises Trouble."""
        token = self._tokens.current()
        answer = exchange(self._endpoint, request, token, self._deadline)
        if answer.status == HTTPStatus.UNAUTHORIZED and (newer := self._tokens.renewed(token)):
            token = newer
            answer = exchange(self._endpoint, request, token, self._deadline)
        if token and not answer.is_success:
            answer = answer.without(token)
        refusal = refusal_of(answer)
        if refusal and (trouble := refusal.passing):
            raise trouble
        self._has_answered = True
        return answer


class _Sending:
    """A submission on its way: whether it may have arrived, and how long it may still be repeated."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._repeatable = deadline
        self.lost: Trouble | None = None

    def note(self, trouble: Trouble, pause: float) -> None:
        """Raises TimeOut when the service may not know the key any more, after the pause or since its end."""
        if self.lost and trouble.fate is Fate.UNSENT:
            raise TimeOut("the service has gone since")
        if not self.lost and trouble.fate is Fate.LOST:
            self.lost = trouble
            self._repeatable = self._deadline.within(KEY_SECONDS)
        if self.lost and pause > self._repeatable.remaining():
            raise TimeOut("the service may have forgotten the key")


def _backoffs() -> Iterator[float]:
    """Seconds; jittered, so that a hundred jobs do not come back together to a service that just came up."""
    seconds = FIRST_BACKOFF_SECONDS
    while True:
        yield seconds * random.uniform(0.75, 1.25)  # noqa: S311 -- jitter is no cryptography
        seconds = min(2 * seconds, LONGEST_BACKOFF_SECONDS)
