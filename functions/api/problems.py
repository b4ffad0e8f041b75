"""Problem documents (RFC 9457), and the one place that maps exceptions to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from functions.errors import (
    InvalidRequest,
    ParameterFault,
    Reason,
    SettingsError,
    StoreFault,
    TaskStatusError,
    UpstreamFault,
)
from functions.tasks.callers.budget import BudgetExceeded
from functions.tasks.report import Problem
from functions.tasks.results import NothingAnswered
from functions.tasks.submit import NothingSubmitted, Rejection

MEDIA_TYPE = "application/problem+json"
URN = "urn:cdn-task-status:"


class ProblemType(msgspec.Struct, frozen=True):
    """What all problems of one reason share."""

    status: int
    title: str


PROBLEM_TYPES: Mapping[str, ProblemType] = MappingProxyType(
    {
        "invalid-request": ProblemType(400, "The request has faults"),
        "page-token-invalid": ProblemType(400, "The page token is not valid here"),
        "invalid-json": ProblemType(400, "The body is not what was expected"),
        "malformed-event": ProblemType(400, "The event is not understood"),
        "incomplete-request": ProblemType(400, "The request ended too early"),
        "missing-token": ProblemType(401, "A token is needed"),
        "token-malformed": ProblemType(401, "The token is not a JSON Web Token"),
        "token-algorithm": ProblemType(401, "The token's algorithm is not the key's"),
        "token-key-unknown": ProblemType(401, "The token is signed with an unknown key"),
        "token-signature": ProblemType(401, "The token's signature is wrong"),
        "token-without-expiry": ProblemType(401, "The token never expires"),
        "token-expired": ProblemType(401, "The token has expired"),
        "token-not-yet-valid": ProblemType(401, "The token is not valid yet"),
        "token-audience": ProblemType(401, "The token is for somebody else"),
        "token-issuer": ProblemType(401, "The token is from somebody else"),
        "token-claims": ProblemType(401, "The token's claims are not understood"),
        "forbidden": ProblemType(403, "The token does not allow this"),
        "submitting-off": ProblemType(403, "Submitting is switched off"),
        "submitting-unguarded": ProblemType(403, "Submitting needs to know who asks"),
        "checks-off": ProblemType(403, "Checking is switched off"),
        "not-found": ProblemType(404, "There is nothing here"),
        "object-unknown": ProblemType(404, "No change of this object is known"),
        "job-unknown": ProblemType(404, "No such job is known"),
        "method-not-allowed": ProblemType(405, "The method is not allowed here"),
        "not-acceptable": ProblemType(406, "No acceptable representation"),
        "streaming-unavailable": ProblemType(406, "An event stream is not possible here"),
        "denied": ProblemType(409, "Nothing was submitted: the service may not submit"),
        "bad-credentials": ProblemType(409, "Nothing was submitted: the service's credentials are not accepted"),
        "not-activated": ProblemType(409, "Nothing was submitted: the account has not opened this product"),
        "body-too-large": ProblemType(413, "The body is too large"),
        "unsupported-media-type": ProblemType(415, "The body's type is not supported"),
        "invalid-object-path": ProblemType(422, "Nothing was submitted: no URL that can be"),
        "domain-not-found": ProblemType(422, "Nothing was submitted: the domain is not the account's"),
        "over-limit": ProblemType(422, "Nothing was submitted: too much for one call"),
        "object-type-unsupported": ProblemType(422, "Nothing was submitted: the product knows no such kind"),
        "rejected": ProblemType(422, "Nothing was submitted: the product refused it"),
        "host-not-checked": ProblemType(422, "The URL's host is not one that may be checked"),
        "idempotency-key-reused": ProblemType(422, "The Idempotency-Key belongs to another request"),
        "quota-exceeded": ProblemType(429, "Nothing was submitted: the day's quota is used up"),
        "quota-reserved": ProblemType(429, "Nothing was submitted: the rest of the day's quota is kept for others"),
        "quota-unknown": ProblemType(503, "Nothing was submitted: what is left of the day's quota is not known"),
        "queue-full": ProblemType(429, "Nothing was submitted: too many prefetches are under way"),
        "throttled": ProblemType(429, "Nothing was submitted: the account's calls are used up"),
        "too-many-requests": ProblemType(429, "Too many requests"),
        "host-not-allowed": ProblemType(421, "The service has another name"),
        "internal-error": ProblemType(500, "The service failed"),
        "upstream-failed": ProblemType(502, "No product answered"),
        "upstream-throttled": ProblemType(503, "No product answered: the account's calls are used up"),
        "stopping": ProblemType(503, "The instance is about to end"),
        "auth-not-configured": ProblemType(503, "Nobody can be let in yet"),
        "keys-unavailable": ProblemType(503, "The keys for checking tokens cannot be had"),
        "deadline": ProblemType(503, "Nothing was submitted: there was no time left"),
        "unavailable": ProblemType(503, "Nothing was submitted: the product could not be reached"),
        "unknown-outcome": ProblemType(504, "It may have been submitted: no answer came"),
        "store-unavailable": ProblemType(503, "The store of changed objects cannot be read"),
        "upstream-timeout": ProblemType(504, "No product answered in time"),
    }
)
"""Reason -> status and title. Stable: clients branch and translate by the reason."""
_STORE_RETRY_SECONDS = 5
_BY_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large"}
"""What the router itself says."""


class RequestRefused(TaskStatusError):  # noqa: N818 -- the service is well; it declines
    """Raised when a request is turned away; `reason` is one of PROBLEM_TYPES, `detail` says what to do."""

    def __init__(self, reason: str, detail: str, *, retry_after: int | None = None) -> None:
        """`retry_after` in seconds, None when trying again changes nothing."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong: branch on `reason`, show `title` and `detail`.

    `errors` are the faults of a question, all of them; `problems` are what the products said when none answered;
    `rejected` are the URLs of a submission of which none got a task.
    """

    type: str
    title: str
    status: int
    detail: str = ""
    reason: str
    errors: tuple[ParameterFault, ...] = ()
    problems: tuple[Problem, ...] = ()
    rejected: tuple[Rejection, ...] = ()


class ProblemResponse(msgspec.Struct, frozen=True):
    """A problem with the headers that belong to it."""

    document: ProblemDocument
    headers: Mapping[str, str] = MappingProxyType({})

    def response(self) -> Response:
        """The HTTP response."""
        body = msgspec.json.encode(self.document)
        return Response(body, self.document.status, headers=dict(self.headers), media_type=MEDIA_TYPE)


def answer_to(fault: Exception) -> ProblemResponse:
    """The answer to any exception; for one that is not of functions/errors.py, a 500 that tells nothing."""
    return next(_ANSWERS[kind](fault) for kind in type(fault).__mro__ if kind in _ANSWERS)


def _document(reason: str, detail: str = "", **more: Any) -> ProblemDocument:
    # Faults of a query may bring a reason that is not in the table; they are the caller's all the same.
    kind = PROBLEM_TYPES.get(reason, PROBLEM_TYPES["invalid-request"])
    return ProblemDocument(
        type=URN + reason, title=kind.title, status=kind.status, detail=detail, reason=reason, **more
    )


def _invalid(fault: InvalidRequest) -> ProblemResponse:
    return ProblemResponse(_document(fault.reason, str(fault.faults[0].detail), errors=fault.faults))


def _refusal(fault: RequestRefused) -> ProblemResponse:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if PROBLEM_TYPES[fault.reason].status == 401:  # noqa: PLR2004 -- the status itself
        # RFC 6750, 3.1: a caller who sent no token is told the scheme and nothing else.
        headers["WWW-Authenticate"] = "Bearer" if fault.reason == "missing-token" else 'Bearer error="invalid_token"'
    return ProblemResponse(_document(fault.reason, fault.detail), headers)


def _budget_exceeded(fault: BudgetExceeded) -> ProblemResponse:
    return ProblemResponse(
        _document("too-many-requests", f"Your budget: {fault.detail}."), {"Retry-After": str(fault.retry_after)}
    )


def _nothing_answered(fault: NothingAnswered) -> ProblemResponse:
    waits = [problem.retry_after for problem in fault.problems if problem.retry_after is not None]
    reason = _verdict([problem.reason for problem in fault.problems])
    needed = reason == "upstream-throttled" or waits
    headers = {"Retry-After": str(max(waits, default=1))} if needed else {}
    return ProblemResponse(
        _document(reason, "None of the products asked could answer.", problems=fault.problems), headers
    )


def _nothing_submitted(fault: NothingSubmitted) -> ProblemResponse:
    waits = [each.retry_after for each in fault.rejected if each.reason == fault.reason and each.retry_after]
    headers = {"Retry-After": str(max(waits))} if waits else {}
    return ProblemResponse(
        _document(fault.reason, "`rejected` says why, for each URL.", rejected=fault.rejected), headers
    )


def _upstream(fault: UpstreamFault) -> ProblemResponse:
    # The service turns faults of single calls into problems; one that gets here is judged as if it were all.
    return ProblemResponse(_document(_verdict([fault.reason]), f"{fault.product} could not answer."))


def _store(_: StoreFault) -> ProblemResponse:
    detail = "What is known of changed objects could not be read; the log says why."
    return ProblemResponse(_document("store-unavailable", detail), {"Retry-After": str(_STORE_RETRY_SECONDS)})


def _verdict(reasons: list[str]) -> str:
    """docs/contract.md 8.1: all timed out; all retryable and one throttled; anything else."""
    if all(reason in {Reason.TIMEOUT, Reason.DEADLINE} for reason in reasons):
        return "upstream-timeout"
    if Reason.THROTTLED in reasons and all(_retryable(reason) for reason in reasons):
        return "upstream-throttled"
    return "upstream-failed"


def _retryable(reason: str) -> bool:
    return reason in set(Reason) and Reason(reason).retryable


def _routing(fault: HTTPException) -> ProblemResponse:
    reason = _BY_STATUS.get(fault.status_code, "invalid-request")
    if reason != "method-not-allowed":
        return ProblemResponse(_document(reason, "See /openapi.json for what there is."))
    # The router lists methods in the order of a set; and OPTIONS is answered for every path.
    named = {name.strip() for name in (fault.headers or {}).get("Allow", "").split(",")} | {"OPTIONS"}
    allowed = ", ".join(sorted(named - {""}))
    return ProblemResponse(_document(reason, f"Allowed are {allowed}."), {"Allow": allowed})


def _disconnected(_: ClientDisconnect) -> ProblemResponse:
    return ProblemResponse(_document("incomplete-request", "The body ended before it was complete."))


def _internal(_: Exception) -> ProblemResponse:
    return ProblemResponse(_document("internal-error", "It is in the log, under this answer's X-Request-Id."))


_ANSWERS: Mapping[type[BaseException], Callable[[Any], ProblemResponse]] = MappingProxyType(
    {
        InvalidRequest: _invalid,
        RequestRefused: _refusal,
        BudgetExceeded: _budget_exceeded,
        NothingAnswered: _nothing_answered,
        NothingSubmitted: _nothing_submitted,
        UpstreamFault: _upstream,
        StoreFault: _store,
        SettingsError: _internal,
        TaskStatusError: _internal,
        HTTPException: _routing,
        ClientDisconnect: _disconnected,
        Exception: _internal,
    }
)
