"""What each error code of the vendor means: the table in docs/vendor.md 5.6, which a test compares with this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from functions.errors import Concern, Reason, RejectReason

NEXT_DAY = "day"
"""Try again after the quota's next day has begun."""
Retry = float | str | None
"""Seconds after which to try again where the vendor names no time; NEXT_DAY; None: not before somebody acts."""


class ErrorCode(msgspec.Struct, frozen=True):
    """One row: the `reason` of a failed call, the reason `submit` of a rejected URL, whom it concerns, when to retry.

    A `code` that ends with `*` is a prefix. With a `text`, the vendor's message must contain it, in lower case.
    """

    code: str
    text: str | None
    reason: Reason
    submit: RejectReason
    concerns: Concern
    retry: Retry


def find(code: str, message: str = "") -> ErrorCode | None:
    """The row for a code; None for an unknown code.

    An exact code goes before a prefix, a longer prefix before a shorter one, a row with a text before one without.
    """
    candidates = (*_EXACT.get(code, ()), *(row for row in _PREFIXES if code.startswith(row.code[:-1])))
    lowered = message.lower()
    return next((row for row in candidates if row.text is None or row.text in lowered), None)


def _rows(
    codes: Iterable[str | tuple[str, str]],
    verdict: Reason | tuple[Reason, RejectReason],
    concerns: Concern,
    retry: Retry = None,
) -> tuple[ErrorCode, ...]:
    reason, submit = verdict if isinstance(verdict, tuple) else (verdict, RejectReason(verdict.value))
    named = ((code, None) if isinstance(code, str) else code for code in codes)
    return tuple(ErrorCode(code, text, reason, submit, concerns, retry) for code, text in named)


_REJECTED = Reason.REJECTED

ERROR_CODES: tuple[ErrorCode, ...] = (
    *_rows(
        (
            "TooManyRequests",
            "Throttling*",
            "Throttled*",
            "Rejected.Throttling",
            "FlowControlError",
            "QPS Limit Exceeded",
            "ServiceUnavailable*",
        ),
        Reason.THROTTLED,
        Concern.ACCOUNT,
        1,
    ),
    *_rows(("QuotaPerMinuteExceeded*", "TooMany.*"), Reason.THROTTLED, Concern.DOMAIN, 60),
    *_rows(("QuotaExceeded*",), (_REJECTED, RejectReason.QUOTA_EXCEEDED), Concern.ACCOUNT, NEXT_DAY),
    *_rows(("PreloadQueueFull",), (_REJECTED, RejectReason.QUEUE_FULL), Concern.ACCOUNT, 60),
    *_rows(
        ("SingleRequest.OverLimit", "InvalidObjectPath.ExceedsMaximum", "InvalidObjectPath.Size*"),
        (_REJECTED, RejectReason.OVER_LIMIT),
        Concern.SIZE,
    ),
    *_rows(
        ("InvalidObjectPath*", "ObjectPath.Malformed", "InvalidExtensiveDomain*"),
        (_REJECTED, RejectReason.INVALID_OBJECT_PATH),
        Concern.ITEM,
    ),
    *_rows(("InvalidObjectType*",), (_REJECTED, RejectReason.OBJECT_TYPE_UNSUPPORTED), Concern.CALL),
    *_rows(("InvalidDomain.Configure_failed", "ServiceBusy"), Reason.UNAVAILABLE, Concern.DOMAIN, 60),
    *_rows(("InvalidDomain*",), (_REJECTED, RejectReason.DOMAIN_NOT_FOUND), Concern.DOMAIN),
    *_rows(("IllegalOperation", "DomainInProtectedMode"), _REJECTED, Concern.DOMAIN),
    *_rows(("IllegalOperationDomain",), Reason.DENIED, Concern.DOMAIN),
    *_rows(
        (
            "InvalidTaskId*",
            "InvalidTime",
            "InvalidParameters",
            "InvalidParameter*",
            "InvaildParameter",
            "InvalidData.NotFound",
        ),
        _REJECTED,
        Concern.ITEM,
    ),
    *_rows(("InvalidTaskId",), _REJECTED, Concern.SIZE),
    *_rows(
        (
            "DomainNameOverLimit",
            "InvalidParamater",
            "MissingParameter*",
            "MissingTimeParameter",
            "Missing*",
            "InvalidStartTime*",
            "InvalidEndTime*",
            "InvalidStatus*",
            "InvalidAction.NotFound",
            "InvalidApi.NotFound",
            "InvalidProduct.NotFound",
            "InvalidProtocol.NeedSsl",
            "NoSuchVersion",
            "UnsupportedOperation",
            "UnsupportedHTTPMethod",
            "UnsupportedParameter",
            "InvalidOwner*",
        ),
        _REJECTED,
        Concern.CALL,
    ),
    *_rows(
        ("OperationDenied", "CdnServiceNotFound", "DcdnServiceNotFound", "VodServiceNotFound"),
        Reason.NOT_ACTIVATED,
        Concern.ACCOUNT,
    ),
    *_rows(
        (
            ("OperationDenied", "suspend"),
            "OperationDenied.Suspended",
            "UserDisable",
            "InsufficientBalance",
            "RealNameAuthenticationError",
            "NoRealNameAuthentication",
        ),
        Reason.DENIED,
        Concern.ACCOUNT,
    ),
    *_rows(
        (
            "Forbidden*",
            "Forbedden*",
            "Forbbiden*",
            "NoPermission*",
            "ActionUnauthorized",
            "UnauthorizedOperation",
            "InvalidAction",
            "EntityNotExist*",
        ),
        Reason.DENIED,
        Concern.CALL,
    ),
    *_rows(
        (
            "Forbidden.AccessKeyDisabled",
            "Forbidden.AccessKey",
            "NoEnabledAccessKey",
            "InvalidAccessKeyId*",
            "MissingAccessKeyId",
            "MissingAuthorization",
            "MissingSecurityToken",
            "InvalidSecurityToken*",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "InvalidSignatureMethod",
            "ContentMD5NotMatched",
            "InvalidTimeStamp*",
            "IllegalTimestamp",
            "InvalidCredentials",
        ),
        Reason.BAD_CREDENTIALS,
        Concern.ACCOUNT,
    ),
    *_rows(("SignatureNonceUsed",), Reason.UNAVAILABLE, Concern.CALL, 1),
    # A submit that ends so may have been carried out.
    *_rows(("InternalError", "UnknownError"), (Reason.UNAVAILABLE, RejectReason.UNKNOWN_OUTCOME), Concern.CALL, 2),
    *_rows(("SystemBusy",), Reason.UNAVAILABLE, Concern.CALL, 2),
    *_rows(("SystemUpgrading",), Reason.UNAVAILABLE, Concern.CALL, 60),
)


def _exact(rows: Iterable[ErrorCode]) -> Mapping[str, tuple[ErrorCode, ...]]:
    found: dict[str, tuple[ErrorCode, ...]] = {}
    for row in sorted(rows, key=lambda row: row.text is None):
        if not row.code.endswith("*"):
            found[row.code] = (*found.get(row.code, ()), row)
    return MappingProxyType(found)


_EXACT = _exact(ERROR_CODES)
_PREFIXES = tuple(
    sorted((row for row in ERROR_CODES if row.code.endswith("*")), key=lambda row: (-len(row.code), row.text is None))
)
