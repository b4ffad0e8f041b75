"""What becomes of URLs that were handed in when it goes wrong: every one of them is accounted for, none sent twice."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from emulator.testing import Answer, Emulator, Hang, Refuse, Reset, Text, Throttle, Truncate
from functions.errors import RejectReason
from functions.tasks.submit import NothingSubmitted, Rejection
from functions.upstream.call_scope import CallScope
from tests.support.real_service import real_service, real_service_in_network_time
from tests.support.submissions import URL, accepted, reasons, submit, submits, urls

REFUSALS = [
    ("QuotaExceeded.Refresh", 400, "quota-exceeded", None),
    ("QuotaExceeded.Preload", 403, "quota-exceeded", None),
    ("PreloadQueueFull", 403, "queue-full", 60),
    ("PreloadQueueFull", 400, "queue-full", 60),
    ("InvalidObjectPath.Malformed", 400, "invalid-object-path", None),
    ("InvalidExtensiveDomain.ValueNotSupported", 400, "invalid-object-path", None),
    ("InvalidDomain.NotFound", 404, "domain-not-found", None),
    ("SingleRequest.OverLimit", 400, "over-limit", None),
    ("InvalidObjectPath.ExceedsMaximum", 400, "over-limit", None),
    ("InvalidObjectPath.Size.Malformed", 400, "over-limit", None),
    ("InvalidObjectType.ValueNotSupported", 400, "object-type-unsupported", None),
    ("SomethingNew", 400, "rejected", 60),
    ("SomethingNew", 404, "rejected", 60),
    ("SomethingNew", 403, "rejected", 60),
    ("QuotaPerMinuteExceeded.Refresh", 400, "throttled", 60),  # case V1
    ("TooMany.Refresh", 400, "throttled", 60),
    ("ServiceBusy", 403, "unavailable", 60),
    ("InvalidDomain.Configure_failed", 500, "unavailable", 60),
    ("IllegalOperation", 403, "rejected", None),
    ("CdnServiceNotFound", 403, "not-activated", None),
    ("Forbidden.AccessKeyDisabled", 403, "bad-credentials", None),
    ("MissingAccessKeyId", 400, "bad-credentials", None),
    ("Forbidden.RAM", 403, "denied", None),
    ("OperationDenied.Suspended", 403, "denied", None),
    ("OperationDenied", 403, "not-activated", None),
    ("InvalidAccessKeyId.NotFound", 404, "bad-credentials", None),
    ("SignatureDoesNotMatch", 400, "bad-credentials", None),
]


@pytest.mark.parametrize(("code", "status", "reason", "retry_after"), REFUSALS)
def test_a_refusal_is_an_outcome_with_a_stable_reason(
    emu: Emulator, code: str, status: int, reason: str, retry_after: int | None
) -> None:
    emu.faults.add("*", Refuse(code=code, status=status))
    with real_service(emu) as real:
        answer = submit(real, URL)
    (rejection,) = answer.report.rejected
    assert (rejection.reason, rejection.vendor_code, rejection.retry_after) == (reason, code, retry_after)
    assert len(submits(emu)) == 1
    assert answer.without_effect


UNKNOWN = {
    "a reset before the answer": Reset(when="before-answer"),
    "a reset that may have come before the work": Reset(when="before-work"),
    "a reset in the middle of the answer": Reset(when="mid-answer"),
    "half an answer": Truncate(keep=0.5),
    "silence": Hang(),
    "an internal error": Refuse(code="InternalError", status=500),
    "a gateway's page": Text(status=502),
    "a gateway that waited too long": Text(status=408),
    "a page that says it is well": Text(status=200),
    "an empty answer": Text(content="", status=200),
    "an answer without an id": Answer(body={"RequestId": "R-1"}),
    "an answer with an unreadable id": Answer(body={"RequestId": "R-1", "RefreshTaskId": "abc"}),
    "a redirect's status with a body": Answer(body={"RefreshTaskId": "1"}, status=302),
}


@pytest.mark.parametrize("fault", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_a_call_whose_fate_is_unknown_is_said_to_be_so_and_never_repeated(emu: Emulator, fault: Any) -> None:
    emu.faults.add("cdn", fault)
    with real_service_in_network_time(emu, hanging="cdn" if isinstance(fault, Hang) else None) as real:
        answer = submit(real, *urls(2))
    assert reasons(answer) == {"unknown-outcome": 2}
    assert len(submits(emu)) == 1
    assert not answer.without_effect
    assert answer.report.rejected[0].retry_after is None


def test_an_answer_that_came_whole_counts_whatever_became_of_the_connection(emu: Emulator) -> None:
    emu.faults.add("cdn", Reset(when="after-answer"), times=1)
    with real_service(emu) as real:
        answer = submit(real, URL)
        again = submit(real, URL)
    assert len(answer.report.tasks) == len(again.report.tasks) == 1
    assert len(submits(emu)) == 2


def test_a_call_that_never_left_is_surely_not_submitted(emu: Emulator) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with real_service_in_network_time(emu, cdn_endpoint=nobody) as real:
            answer = submit(real, URL)
    assert reasons(answer) == {"unavailable": 1}
    assert answer.without_effect


def test_connections_that_died_meanwhile_cost_nothing(emu: Emulator) -> None:
    with real_service(emu) as real:
        submit(real, *urls(3, end="/.*"), kind="regex")
        emu.drop_connections()
        assert accepted(submit(real, URL)) == 1


def test_without_credentials_nothing_is_submitted(emu: Emulator) -> None:
    with real_service(emu, credentials={}) as real:
        assert reasons(submit(real, URL)) == {"bad-credentials": 1}
    assert submits(emu) == []


def test_a_throttled_call_is_repeated(emu: Emulator) -> None:
    emu.faults.add("*", Throttle(), times=2)
    with real_service(emu) as real:
        assert accepted(submit(real, URL, product="vod")) == 1
    assert [call.status for call in submits(emu)] == [503, 503, 200]


def test_throttling_that_does_not_end_is_an_outcome_in_time(emu: Emulator) -> None:
    emu.faults.add("*", Throttle(retry_after_ms=7_000))
    with real_service_in_network_time(emu, deadline_seconds=5) as real:
        answer = submit(real, URL)
    assert len(submits(emu)) == 1, "the vendor's hint is past the deadline"
    (rejection,) = answer.report.rejected
    assert (rejection.reason, rejection.retry_after) == ("throttled", 7)


def test_one_bad_url_does_not_hide_the_good_ones(emu: Emulator) -> None:
    bad = "https://www.example.com/" + "x" * 1_100
    paths = urls(500)
    with real_service(emu) as real:
        answer = submit(real, *paths[:123], bad, *paths[123:])
    assert [each.object_paths for each in answer.report.rejected] == [(bad,)]
    assert (answer.report.rejected[0].reason, accepted(answer)) == ("invalid-object-path", 500)
    assert len(submits(emu)) <= 1 + 2 * 9


def test_urls_refused_together_cost_few_calls_and_are_not_judged_one_by_one(emu: Emulator) -> None:
    emu.limits.lift()
    paths = [f"https://www.example.com/{number}/" + "x" * 1_100 for number in range(200)]
    with real_service(emu) as real:
        assert reasons(submit(real, *paths)) == {"invalid-object-path": 2, "rejected": 198}
    assert len(submits(emu)) <= 10


def test_a_domain_that_is_not_the_accounts_does_not_hide_the_others(emu: Emulator) -> None:
    emu.tasks.own_domains = frozenset({"www.example.com", "img.example.com"})
    foreign = urls(30, "foreign.example.com")
    with real_service(emu) as real:
        answer = submit(real, *urls(30), *foreign, *urls(30, "img.example.com"))
    assert [each.object_paths for each in answer.report.rejected] == [foreign]
    assert (answer.report.rejected[0].reason, accepted(answer)) == ("domain-not-found", 60)
    assert len(submits(emu)) <= 5


@pytest.mark.parametrize("status", [400, 413, 414])
def test_a_gateway_that_finds_a_call_too_large_gets_smaller_ones(emu: Emulator, status: int) -> None:
    emu.faults.add("RefreshDcdnObjectCaches", Text(status=status), times=3)
    with real_service(emu) as real:
        answer = submit(real, *urls(1_000), product="dcdn")
    assert accepted(answer) == 1_000


def test_a_quota_that_ends_half_way_is_reported_and_nothing_more_is_sent(emu: Emulator) -> None:
    with real_service(emu) as real:
        answer = submit(real, *urls(300, end="/.*"), kind="regex")
    assert (accepted(answer), reasons(answer)) == (20, {"quota-exceeded": 280})
    assert len(submits(emu)) <= 20 + 8


@pytest.mark.parametrize(("product", "status"), [("cdn", 403), ("dcdn", 400)])
def test_a_full_queue_is_an_outcome(emu: Emulator, product: str, status: int) -> None:
    emu.limits.set_preload_queue(product, 2)
    with real_service(emu) as real:
        answer = submit(real, *urls(3), product=product, action="preload")
    assert reasons(answer) == {"queue-full": 3}
    assert [call.status for call in submits(emu)] == [status]


def test_a_call_given_up_before_it_left_was_not_sent() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        scope = CallScope(time.monotonic() + 1)
        scope.use_socket(None)
        assert not scope.sent
        scope.abort()
        scope.use_socket(ours)
        assert not scope.sent
        with pytest.raises(BrokenPipeError):
            ours.send(b"x")
        another = CallScope(time.monotonic() + 1)
        another.use_socket(theirs)
        assert another.sent


def test_an_unknown_outcome_is_told_before_any_other() -> None:
    rejected = [("quota-exceeded", 5), ("unknown-outcome", 1), ("throttled", 9)]
    assert _told(rejected) == "unknown-outcome"
    assert _told(rejected[:1] + rejected[2:]) == "throttled"


def _told(rejected: list[tuple[str, int]]) -> str:

    return NothingSubmitted(
        tuple(Rejection(object_paths=urls(count), reason=reason, vendor_code=None) for reason, count in rejected)
    ).reason


def test_only_the_unknown_is_uncertain() -> None:
    assert [reason for reason in RejectReason if not reason.certain] == [RejectReason.UNKNOWN_OUTCOME]
    assert not RejectReason.UNKNOWN_OUTCOME.retryable


@pytest.mark.parametrize("code", ["IllegalTimestamp", "InvalidAction.NotFound", "NeverHeardOf"])
def test_a_code_that_concerns_no_single_url_is_met_once(emu: Emulator, code: str) -> None:
    """Case V2."""
    emu.faults.add("*", Refuse(code=code, status=400))
    with real_service(emu) as real:
        answer = submit(real, *urls(16))
    assert len(submits(emu)) == 1
    assert [each.vendor_code for each in answer.report.rejected] == [code]


def test_urls_over_a_domain_s_minute_cost_one_call_and_may_be_tried_again(emu: Emulator) -> None:
    """Case V1."""
    emu.faults.add("*", Refuse(code="QuotaPerMinuteExceeded.Refresh", status=400))
    with real_service(emu) as real:
        answer = submit(real, *urls(30))
    (rejection,) = answer.report.rejected
    assert (rejection.reason, rejection.retry_after, len(rejection.object_paths)) == ("throttled", 60, 30)
    assert len(submits(emu)) == 1


def test_a_domain_that_may_not_be_refreshed_does_not_hide_the_others(emu: Emulator) -> None:
    """Case V3."""
    emu.faults.add("*", Refuse(code="IllegalOperation", status=403), times=2)
    with real_service(emu) as real:
        answer = submit(real, *urls(3), *urls(3, "img.example.com"))
    assert (reasons(answer), accepted(answer)) == ({"rejected": 3}, 3)
