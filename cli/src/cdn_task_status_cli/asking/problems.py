"""What an answer that is none means: to be tried again, the caller's fault, or the end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

from cdn_task_status_cli.asking.exchange import Answer, Fate, Trouble
from cdn_task_status_cli.asking.reading import Malformed, read
from cdn_task_status_cli.asking.shapes import ProblemDocument
from cdn_task_status_cli.faults import CannotAsk, CommandError, UsageError

MEDIA_TYPE = "application/problem+json"
_NAMED_AT_MOST = 10
_CALLERS_FAULT = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_LASTING = frozenset({"auth-not-configured", "unknown-outcome"})
"""Reasons of answers with a status of 500 and more that waiting does not cure."""
_HINTS = {
    "missing-token": "set TASK_STATUS_TOKEN, or give --token-command",
    "token-expired": "--token-command gets a new one whenever it is needed",
}


@dataclass(frozen=True)
class Refusal:
    """An answer that is not of 2xx. `document` is None where it is a gateway's, not the service's own."""

    answer: Answer
    document: ProblemDocument | None

    @property
    def passing(self) -> Trouble | None:
        """The trouble it is, when the same question may be answered later."""
        return Trouble(self.text, self._fate, self.answer.retry_after or 0) if self._passes else None

    @property
    def error(self) -> CommandError:
        """The error it is, when there is no use in asking again."""
        return UsageError(self.text) if self.answer.status in _CALLERS_FAULT else CannotAsk(self.text)

    @property
    def text(self) -> str:
        """What it says, for people."""
        if self.document is None:
            location = self.answer.headers.get("location")
            to = f", to {location}" if location else ""
            return f"something that is not cdn-task-status answered {_named(self.answer.status)}{to}"
        said = [self.document.title or self.document.reason, self.document.detail, *self._named_faults()]
        return "; ".join(part for part in (*said, _HINTS.get(self.document.reason, "")) if part)

    @property
    def _passes(self) -> bool:
        if self.document is not None and self.document.rejected:
            return False
        if self.document is not None and self.document.problems:
            return any(problem.retry_after is not None for problem in self.document.problems)
        lasting = self.document is not None and self.document.reason in _LASTING
        return self.answer.status in _PASSING or (
            self.answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not lasting
        )

    @property
    def _fate(self) -> Fate:
        if self.document is not None:
            # The service calls 500 what it did not foresee: then it cannot know how far it came.
            return Fate.LOST if self.answer.status == HTTPStatus.INTERNAL_SERVER_ERROR else Fate.DECLINED
        # RFC 9110, 15.6: 503 is refused before anything is done; behind other words the request may have gone on.
        return Fate.UNSENT if self.answer.status == HTTPStatus.SERVICE_UNAVAILABLE else Fate.LOST

    def _named_faults(self) -> list[str]:
        if self.document is None:
            return []
        faults = [
            f"{fault.parameter} {fault.value}: {fault.detail}" if fault.value else f"{fault.parameter}: {fault.detail}"
            for fault in self.document.errors
        ]
        products = [f"{problem.name}: {problem.reason}" for problem in self.document.problems]
        named = [*faults, *products]
        more = len(named) - _NAMED_AT_MOST
        return [*named[:_NAMED_AT_MOST], f"and {more} more"] if more > 0 else named


def refusal_of(answer: Answer) -> Refusal | None:
    """The refusal that an answer is; None: it is a proper answer."""
    if answer.is_success:
        return None
    document = None
    if answer.media_type == MEDIA_TYPE:
        try:
            document = read(ProblemDocument, json.loads(answer.body))
        except (ValueError, RecursionError, Malformed):
            document = None
    return Refusal(answer, document)


def _named(status: int) -> str:
    known = {each.value: each.phrase for each in HTTPStatus}
    return f"{status} {known[status]}" if status in known else str(status)
