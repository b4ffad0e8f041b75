"""Turns exceptions of the SDK and error bodies of the vendor into UpstreamFaults (docs/vendor.md 5 and 7.6).

The vendor's code decides first, because throttling comes as 400, 429 or 503 alike. Only members of the body are kept:
texts and reprs of the SDK's exceptions can hold tokens and signatures and are never read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.errors import Concern, Reason, RejectReason, UpstreamFault
from functions.logs.redaction import clean_text
from functions.upstream import error_codes
from functions.upstream.call_scope import CallScope
from functions.upstream.credentials import NoCredentials

_BY_FAILURE: Mapping[str, Reason] = {
    "timeout": Reason.TIMEOUT,
    "too-large": Reason.MALFORMED,
    "unreachable": Reason.UNAVAILABLE,
}
_LARGE_INTEGER = 2**63
_SUCCESS_CODES = frozenset({"200", "0", "ok", "success"})
_SDK_NONE = "None"
"""What the SDK writes where the body had no Code or RequestId (docs/vendor.md 7.6)."""
_MULTIPLE_CHOICES, _BAD_REQUEST, _REQUEST_TIMEOUT = 300, 400, 408
_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500
_CALL_TOO_LARGE = frozenset({400, 413, 414})
"""How gateways before the vendor's API refuse a request that is too long for them."""


def fault_of(exception: Exception, scope: CallScope, product: str) -> UpstreamFault:
    """The fault behind an exception that the SDK raised during the call of `scope`."""
    data = getattr(exception, "data", None)
    if scope.failure is None and isinstance(data, dict) and isinstance(getattr(exception, "status_code", None), int):
        return _fault_of_body(data, scope.http_status, product, getattr(exception, "retry_after", None))
    code = _word(getattr(exception, "code", None))
    if isinstance(getattr(exception, "inner_exception", None), NoCredentials) or code == "InvalidCredentials":
        return UpstreamFault(
            Reason.BAD_CREDENTIALS,
            product=product,
            detail=str(NoCredentials()),
            without_effect=True,
            concerns=Concern.ACCOUNT,
        )
    if scope.failure is not None:
        text = f"the transport failed: {scope.failure}"
        return UpstreamFault(_BY_FAILURE[scope.failure], product=product, detail=text, without_effect=not scope.sent)
    return _fault_without_json(scope, product)


def fault_in(body: Any, http_status: int, product: str) -> UpstreamFault | None:
    """The fault in the body of a successful answer, if any; to the SDK such an answer looks like no tasks."""
    if http_status >= _MULTIPLE_CHOICES:
        return UpstreamFault(Reason.MALFORMED, product=product, detail=f"HTTP {http_status} is no answer")
    if not isinstance(body, dict):
        return None
    code = _word(body.get("Code", body.get("code")))
    if code and code.lower() not in _SUCCESS_CODES:
        return _fault_of_body(body, None, product, None)
    if not code and _word(body.get("Message")) and "Tasks" not in body:
        return _fault_of_body(body, None, product, None)
    return None


def _fault_of_body(
    body: Mapping[str, Any], http_status: int | None, product: str, retry_after_ms: float | None
) -> UpstreamFault:
    code = _word(body.get("Code", body.get("code")))
    message = _word(body.get("Message", body.get("message")))
    row = error_codes.find(code, message)
    hint = retry_after_ms / 1000 if isinstance(retry_after_ms, int | float) else None
    if row is not None and row.concerns is Concern.DOMAIN and not isinstance(row.retry, str):
        # The rate of calls is not what is exceeded: only the table knows when to come back.
        hint = hint or row.retry
    reason = row.reason if row else _reason_of_unknown(code, http_status)
    return UpstreamFault(
        reason,
        product=product,
        detail=message,
        vendor_code=code or None,
        request_id=_word(body.get("RequestId", body.get("requestId"))) or None,
        retry_after=hint,
        without_effect=_was_refused(row, reason, http_status),
        concerns=row.concerns if row else None,
    )


def _fault_without_json(scope: CallScope, product: str) -> UpstreamFault:
    """A gateway's page: its text says nothing of use, its status little."""
    status = scope.http_status
    reason = _reason_of_status(status)
    return UpstreamFault(
        reason,
        product=product,
        detail="no answer" if status is None else f"HTTP {status} with a body that is no JSON object",
        without_effect=not scope.sent or _was_refused(None, reason, status),
        concerns=Concern.SIZE if status in _CALL_TOO_LARGE else None,
    )


def _was_refused(row: error_codes.ErrorCode | None, reason: Reason, http_status: int | None) -> bool:
    """Whether the vendor surely did nothing; behind a 408 a gateway may have passed the request on."""
    if row is not None:
        return row.submit is not RejectReason.UNKNOWN_OUTCOME
    if reason is Reason.THROTTLED:
        return True
    return http_status is not None and _BAD_REQUEST <= http_status < _SERVER_ERROR and http_status != _REQUEST_TIMEOUT


def _reason_of_unknown(code: str, http_status: int | None) -> Reason:
    """The reason of a body whose code is unknown, or that has none."""
    if http_status == _TOO_MANY_REQUESTS:
        return Reason.THROTTLED
    if http_status is None or (code and http_status < _SERVER_ERROR):
        return Reason.REJECTED
    return _reason_of_status(http_status)


def _reason_of_status(http_status: int | None) -> Reason:
    if http_status == _TOO_MANY_REQUESTS:
        return Reason.THROTTLED
    if http_status is None or http_status >= _SERVER_ERROR:
        return Reason.UNAVAILABLE
    return Reason.MALFORMED


def _word(value: Any) -> str:
    """The text of a scalar, fit for answers and logs; '' for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value) if abs(value) > _LARGE_INTEGER else str(value)
    return clean_text(value.strip()) if isinstance(value, str) and value != _SDK_NONE else ""
