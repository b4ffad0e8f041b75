"""What a body says about itself: which is an answer, and which a fault in the dress of one."""

from __future__ import annotations

from typing import Any

import pytest

from functions.errors import Reason
from functions.upstream.call_scope import CallScope
from functions.upstream.sdk_errors import fault_in, fault_of


@pytest.mark.parametrize(
    "body",
    [
        {"Code": "200", "Tasks": []},
        {"Code": 200, "Tasks": []},
        {"Code": "0", "Tasks": []},
        {"code": "OK", "Tasks": []},
        {"Code": "Success", "Message": "success", "Tasks": []},
        {"Message": "some words", "Tasks": []},
        {"RequestId": "R"},
        [],
    ],
)
def test_a_body_that_speaks_of_success_or_has_tasks_is_an_answer(body: Any) -> None:
    assert fault_in(body, 200, "cdn") is None


@pytest.mark.parametrize(
    "body",
    [
        {"Code": "Throttling", "Message": "slower", "RequestId": "R"},
        {"code": "Throttling", "message": "slower", "requestId": "R"},
        {"Code": "Throttling", "Message": "slower", "RequestId": "R", "Tasks": []},
    ],
)
def test_a_code_of_a_fault_is_one_however_its_member_is_written(body: Any) -> None:
    fault = fault_in(body, 200, "cdn")
    assert fault is not None
    assert (fault.reason, fault.vendor_code, fault.detail) == (Reason.THROTTLED, "Throttling", "slower")
    assert (fault.request_id, fault.product) == ("R", "cdn")


def test_a_message_without_code_and_tasks_is_a_fault() -> None:
    fault = fault_in({"Message": "we are sorry"}, 200, "vod")
    assert fault is not None
    assert (fault.reason, fault.vendor_code, fault.detail) == (Reason.REJECTED, None, "we are sorry")


def test_a_redirect_is_no_answer_whatever_its_body_says() -> None:
    fault = fault_in({"Tasks": []}, 302, "cdn")
    assert fault is not None
    assert (fault.reason, fault.detail) == (Reason.MALFORMED, "HTTP 302 is no answer")
    assert fault_in({"Tasks": []}, 299, "cdn") is None


class SdkError(Exception):
    """An error as the SDK raises it for a JSON body."""

    def __init__(self, status: int, **data: Any) -> None:
        super().__init__()
        self.status_code = status
        self.data = data


@pytest.mark.parametrize(
    ("status", "reason", "without_effect"),
    [
        (429, Reason.THROTTLED, True),
        (400, Reason.REJECTED, True),
        (499, Reason.REJECTED, True),
        (500, Reason.UNAVAILABLE, False),
        (503, Reason.UNAVAILABLE, False),
    ],
)
def test_where_the_code_is_unknown_the_status_decides(status: int, reason: Reason, without_effect: bool) -> None:
    scope = CallScope(1e12)
    scope.sent, scope.http_status = True, status
    fault = fault_of(SdkError(status, Code="NeverHeardOf"), scope, "cdn")
    assert (fault.reason, fault.without_effect) == (reason, without_effect)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [("timeout", Reason.TIMEOUT), ("too-large", Reason.MALFORMED), ("unreachable", Reason.UNAVAILABLE)],
)
@pytest.mark.parametrize("sent", [True, False])
def test_a_failed_transport_is_without_effect_only_where_nothing_was_sent(
    failure: str, reason: Reason, sent: bool
) -> None:
    scope = CallScope(1e12)
    scope.sent, scope.failure = sent, failure
    fault = fault_of(OSError("Signature=top-secret"), scope, "cdn")
    assert (fault.reason, fault.without_effect) == (reason, not sent)
    assert fault.detail == f"the transport failed: {failure}"


@pytest.mark.parametrize(
    ("status", "reason", "without_effect"),
    [
        (429, Reason.THROTTLED, True),
        (404, Reason.MALFORMED, True),
        (408, Reason.MALFORMED, False),
        (502, Reason.UNAVAILABLE, False),
        (None, Reason.UNAVAILABLE, False),
    ],
)
def test_of_a_gateway_s_page_the_status_decides(status: int | None, reason: Reason, without_effect: bool) -> None:
    scope = CallScope(1e12)
    scope.sent, scope.http_status = True, status
    fault = fault_of(ValueError("<html>"), scope, "cdn")
    assert (fault.reason, fault.without_effect) == (reason, without_effect)
