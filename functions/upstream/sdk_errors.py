"""The SDK's exceptions and error bodies, turned into one reason each (docs/vendor.md 5 and 7.6).

Decided by the vendor's code first, because a throttling answer comes as 400, 429 or 503 alike. Only the clean text of
the body is kept; messages and reprs of the SDK's exceptions can hold tokens and signatures and are never read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.errors import Reason, UpstreamFault
from functions.upstream.credentials import NoCredentials
from functions.upstream.http_session import CallScope

_THROTTLING = frozenset(
    {"TooManyRequests", "ServiceBusy", "FlowControlError", "ServiceUnavailable", "ServiceUnavailableTemporary"}
)
_BY_CODE: Mapping[str, Reason] = {
    "OperationDenied": Reason.NOT_ACTIVATED,
    "OperationDenied.Suspended": Reason.DENIED,  # opened but overdue: there may well be tasks
    "InvalidCredentials": Reason.BAD_CREDENTIALS,
    "SignatureDoesNotMatch": Reason.BAD_CREDENTIALS,
    "IncompleteSignature": Reason.BAD_CREDENTIALS,
    "MissingSecurityToken": Reason.BAD_CREDENTIALS,
    "SignatureNonceUsed": Reason.UNAVAILABLE,  # a repeat carries a new nonce
    "NoPermission": Reason.DENIED,
    "InternalError": Reason.UNAVAILABLE,
    "DomainNameOverLimit": Reason.REJECTED,  # a refusal, though it comes with HTTP 500 (docs/vendor.md 1.1)
}
_BY_PREFIX: tuple[tuple[str, Reason], ...] = (
    ("Throttling", Reason.THROTTLED),
    ("InvalidAccessKeyId", Reason.BAD_CREDENTIALS),
    ("InvalidSecurityToken", Reason.BAD_CREDENTIALS),
    ("InvalidTimeStamp", Reason.BAD_CREDENTIALS),
    ("Forbidden", Reason.DENIED),
)
_BY_FAILURE: Mapping[str, Reason] = {
    "timeout": Reason.TIMEOUT,
    "too-large": Reason.MALFORMED,
    "unreachable": Reason.UNAVAILABLE,
}
_SUCCESS_WORDS = frozenset({"200", "0", "ok", "success"})
_NONE = "None"  # what the SDK writes where the body had no Code or RequestId (docs/vendor.md 7.6)
_MULTIPLE_CHOICES, _BAD_REQUEST, _FORBIDDEN, _REQUEST_TIMEOUT = 300, 400, 403, 408
_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500


def fault_of(exception: Exception, scope: CallScope, product: str) -> UpstreamFault:
    """The fault behind whatever the SDK raised during the call that `scope` watched."""
    data = getattr(exception, "data", None)
    if scope.failure is None and isinstance(data, dict) and isinstance(getattr(exception, "status_code", None), int):
        return _fault_of_body(data, scope.http_status, product, getattr(exception, "retry_after", None))
    code = _word(getattr(exception, "code", None))
    if isinstance(getattr(exception, "inner_exception", None), NoCredentials) or code == "InvalidCredentials":
        return UpstreamFault(Reason.BAD_CREDENTIALS, product=product, detail=str(NoCredentials()), without_effect=True)
    if scope.failure is not None:
        text = f"the transport failed: {scope.failure}"
        return UpstreamFault(_BY_FAILURE[scope.failure], product=product, detail=text, without_effect=not scope.sent)
    reason = _reason_of_status(scope.http_status)
    without_effect = not scope.sent or _refused_whole(reason, scope.http_status)
    return UpstreamFault(
        reason, product=product, detail=_without_json(scope.http_status), without_effect=without_effect
    )


def fault_in(body: Any, http_status: int, product: str) -> UpstreamFault | None:
    """The fault that a body of a successful answer carries, if any; to the SDK such an answer looks like no tasks."""
    if http_status >= _MULTIPLE_CHOICES:
        return UpstreamFault(Reason.MALFORMED, product=product, detail=f"HTTP {http_status} is no answer")
    if not isinstance(body, dict):
        return None
    code = _word(body.get("Code", body.get("code")))
    if code and code.lower() not in _SUCCESS_WORDS:
        return _fault_of_body(body, None, product, None)
    if not code and _word(body.get("Message")) and "Tasks" not in body:
        return _fault_of_body(body, None, product, None)
    return None


def _fault_of_body(
    body: Mapping[str, Any], http_status: int | None, product: str, retry_after_ms: float | None
) -> UpstreamFault:
    code = _word(body.get("Code", body.get("code")))
    reason = _reason_of_code(code, http_status)
    return UpstreamFault(
        reason,
        product=product,
        detail=_word(body.get("Message", body.get("message"))),
        vendor_code=code or None,
        request_id=_word(body.get("RequestId", body.get("requestId"))) or None,
        retry_after=retry_after_ms / 1000 if isinstance(retry_after_ms, int | float) else None,
        without_effect=_refused_whole(reason, http_status),
    )


def _refused_whole(reason: Reason, http_status: int | None) -> bool:
    """Whether the vendor surely did not begin; behind a 408 a gateway may have passed the request on."""
    if reason is Reason.THROTTLED:
        return True
    return http_status is not None and _BAD_REQUEST <= http_status < _SERVER_ERROR and http_status != _REQUEST_TIMEOUT


def _reason_of_code(code: str, http_status: int | None) -> Reason:
    if code in _THROTTLING or http_status == _TOO_MANY_REQUESTS:
        return Reason.THROTTLED
    if code in _BY_CODE:
        return _BY_CODE[code]
    for prefix, reason in _BY_PREFIX:
        if code.startswith(prefix):
            return reason
    if http_status is None:
        return Reason.REJECTED
    return (
        _reason_of_status(http_status) if http_status >= _SERVER_ERROR or not code else _reason_of_refusal(http_status)
    )


def _reason_of_refusal(http_status: int) -> Reason:
    return Reason.DENIED if http_status == _FORBIDDEN else Reason.REJECTED


def _reason_of_status(http_status: int | None) -> Reason:
    """When there is only a status: a gateway's page says little, so an unexpected one is not understood."""
    if http_status == _TOO_MANY_REQUESTS:
        return Reason.THROTTLED
    if http_status is None or http_status >= _SERVER_ERROR:
        return Reason.UNAVAILABLE
    return Reason.MALFORMED


def _without_json(http_status: int | None) -> str:
    return "no answer" if http_status is None else f"HTTP {http_status} with a body that is no JSON object"


def _word(value: Any) -> str:
    return value.strip() if isinstance(value, str) and value != _NONE else str(value) if isinstance(value, int) else ""
