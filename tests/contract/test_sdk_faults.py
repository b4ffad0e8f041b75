"""A call through the real SDK that goes wrong ends in one reason, in time, with nothing leaked (docs/vendor.md 7.6)."""

from __future__ import annotations

import logging
import sys
import threading
import tracemalloc
from typing import Any

import msgspec
import pytest

from emulator.testing import (
    AccessKey,
    Answer,
    Drip,
    Emulator,
    Hang,
    Huge,
    Redirect,
    Refuse,
    Reset,
    Slow,
    Text,
    Throttle,
    Truncate,
)
from functions.errors import Reason
from functions.logs import JsonLines
from functions.settings import read_settings
from functions.tasks.results import NothingAnswered
from functions.upstream.credentials import CredentialSource
from functions.upstream.http_session import BoundedSession
from tests.support.eventually import eventually
from tests.support.real_service import KEY, RealService, environment_of, real_service, real_service_in_network_time

BY_ID = "DescribeRefreshTaskById"


def reason_of(real: RealService, ids: str = "cdn:24840") -> str:
    try:
        report = real.report(ids)
    except NothingAnswered as silence:
        return silence.problems[0].reason
    return report.problems[0].reason if report.problems else "answered"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Throttle(), "throttled"),
        (Throttle(retry_after_ms=60_000), "throttled"),
        (Refuse(code="Throttling", status=400), "throttled"),
        (Refuse(code="Throttling", status=503), "throttled"),
        (Refuse(code="Throttling.User", status=400), "throttled"),
        (Refuse(code="Throttling.Api", status=400), "throttled"),
        (Refuse(code="TooManyRequests", status=429), "throttled"),
        (Refuse(code="ServiceBusy", status=403), "unavailable"),
        (Refuse(code="QPS Limit Exceeded", status=400), "throttled"),
        (Refuse(code="IllegalTimestamp", status=400), "bad-credentials"),
        (Refuse(code="DcdnServiceNotFound", status=403), "not-activated"),
        (Refuse(code="OperationDenied", status=403, message="Your account is suspended."), "denied"),
        (Refuse(code="FlowControlError", status=500), "throttled"),
        (Refuse(code="ServiceUnavailableTemporary", status=503), "throttled"),
        (Refuse(code="ServiceUnavailable", status=503), "throttled"),
        (Refuse(code="InternalError", status=500), "unavailable"),
        (Refuse(code="SomethingNew", status=502), "unavailable"),
        (Refuse(code="InvalidTaskId.Malformed", status=400), "rejected"),
        (Refuse(code="InvalidParameters", status=400), "rejected"),
        (Refuse(code="InvalidTime", status=400), "rejected"),
        (Refuse(code="InvalidApi.NotFound", status=404), "rejected"),
        (Refuse(code="Forbidden.RAM", status=403), "denied"),
        (Refuse(code="NoPermission", status=403), "denied"),
        (Refuse(code="OperationDenied.Suspended", status=403), "denied"),
        (Refuse(code="InvalidAccessKeyId.NotFound", status=404), "bad-credentials"),
        (Refuse(code="InvalidAccessKeyId.Inactive", status=400), "bad-credentials"),
        (Refuse(code="SignatureDoesNotMatch", status=400), "bad-credentials"),
        (Refuse(code="InvalidSecurityToken.Expired", status=400), "bad-credentials"),
        (Refuse(code="InvalidTimeStamp.Expired", status=400), "bad-credentials"),
        (Refuse(code="InvalidAccessKeyId.NotFound", status=200), "bad-credentials"),
        (Refuse(code="Throttling.User", status=200), "throttled"),
        (Text(content="<html>gateway</html>", status=502), "unavailable"),
        (Text(content="<html>waf</html>", status=405), "malformed"),
        (Text(content="<html>ok</html>", status=200), "malformed"),
        (Text(content="", status=200), "malformed"),
        (Text(content="", status=500), "unavailable"),
        (Text(content="[]", status=400, content_type="application/json"), "malformed"),
        (Text(content="null", status=429, content_type="application/json"), "throttled"),
        (Answer(body=[1, 2]), "malformed"),
        (Answer(body={"Message": "nothing here"}), "rejected"),
        (Truncate(keep=0.5), "unavailable"),
        (Reset(when="before-work"), "unavailable"),
        (Reset(when="mid-answer"), "unavailable"),
        (Redirect(location="/elsewhere"), "malformed"),
        (Huge(size=60_000_000), "malformed"),
    ],
    ids=lambda value: repr(value)[:70],
)
def test_every_fault_of_the_wire_has_one_reason(emu: Emulator, fault: Any, reason: str) -> None:
    emu.faults.add(BY_ID, fault)
    with real_service_in_network_time(emu) as real:
        assert reason_of(real) == reason
        eventually(lambda: threads_in_the_sdk() == 0)


@pytest.mark.parametrize(
    "fault",
    [Hang(), Slow(delay=600.0), Drip(part="body", pause=1.0), Drip(part="head", pause=1.0)],
    ids=lambda fault: type(fault).__name__,
)
def test_what_does_not_end_is_left_at_the_deadline(emu: Emulator, fault: Any) -> None:
    emu.faults.add(BY_ID, fault)
    with real_service_in_network_time(emu, hanging=BY_ID) as real:
        assert reason_of(real) == "timeout"
        eventually(lambda: threads_in_the_sdk() == 0)


def threads_in_the_sdk() -> int:
    """Threads that are still inside a call: a cut socket takes a moment to be noticed."""
    names = [t.ident for t in threading.enumerate() if t.name.startswith("alibabacloud_")]
    frames = sys._current_frames()
    return sum(1 for ident in names if ident in frames and _is_calling(frames[ident]))


def _is_calling(frame: Any) -> bool:
    while frame is not None:
        if frame.f_code.co_name == "call_api":
            return True
        frame = frame.f_back
    return False


def test_a_product_that_is_not_activated_has_no_tasks(emu: Emulator) -> None:
    emu.faults.add("vod", Refuse(code="OperationDenied", status=403))
    with real_service(emu) as real:
        report = real.report("999")
    assert [entry.id for entry in report.not_found] == ["999"]
    assert [problem.reason for problem in report.problems] == ["not-activated"]


def test_nobody_listening_is_unavailable(emu: Emulator) -> None:
    environ = {"TASK_STATUS_CDN_ENDPOINT": "http://127.0.0.1:9", "TASK_STATUS_DEADLINE_SECONDS": "0.5"}
    real = RealService(read_settings({**environment_of(emu), **environ}), CredentialSource(KEY))
    assert reason_of(real) == "unavailable"
    real.close()


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"ALIBABA_CLOUD_ACCESS_KEY_ID": "emulator"},
        {"ALIBABA_CLOUD_ACCESS_KEY_ID": "emulator", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "wrong-secret"},
        {"ALIBABA_CLOUD_ACCESS_KEY_ID": "nobody", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "emulator"},
    ],
    ids=["none", "half", "wrong-secret", "unknown"],
)
def test_bad_credentials_are_named_as_such(emu: Emulator, key: dict[str, str]) -> None:
    with real_service(emu, credentials=key) as real:
        assert reason_of(real) == "bad-credentials"


def test_credentials_that_rotate_in_the_middle_are_noticed_by_nobody(emu: Emulator) -> None:
    environ = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.1",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s1",
        "ALIBABA_CLOUD_SECURITY_TOKEN": "t1",
    }
    emu.accounts.add(AccessKey("STS.1", "s1", token="t1"))
    emu.accounts.add(AccessKey("STS.2", "s2", token="t2"))
    with real_service(emu, credentials=environ) as real:
        assert reason_of(real, "cdn:24840") == "answered"
        environ.update(
            ALIBABA_CLOUD_ACCESS_KEY_ID="STS.2", ALIBABA_CLOUD_ACCESS_KEY_SECRET="s2", ALIBABA_CLOUD_SECURITY_TOKEN="t2"
        )
        emu.accounts.expire("STS.1")
        assert reason_of(real, "cdn:12345678") == "answered"
    assert [call.access_key_id for call in emu.calls.of(BY_ID)] == ["STS.1", "STS.2"]


def test_neither_answers_nor_logs_nor_exceptions_hold_a_secret(emu: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    environ = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.leaky",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "top-secret-key",
        "ALIBABA_CLOUD_SECURITY_TOKEN": "top-secret-token",
    }
    emu.accounts.add(AccessKey("STS.leaky", "top-secret-key", token="top-secret-token"))
    texts = []
    with caplog.at_level(logging.DEBUG), real_service(emu, credentials=environ, deadline_seconds=0.6) as real:
        for fault in (Text(), Truncate(), Reset(when="mid-answer"), Refuse(), Hang(), Huge(), Redirect(), Throttle()):
            emu.faults.clear()
            emu.faults.add("*", fault)
            try:
                texts.append(repr(real.report("cdn:24840,dcdn:1,vod:2")))
            except NothingAnswered as silence:
                texts.append(f"{silence!r} {silence} {silence.problems} {silence.__cause__!r}")
    texts += [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert len(texts) > 20
    for secret in ("top-secret", "Signature=", "ACS3-HMAC"):
        assert not [text for text in texts if secret in text]


def test_the_vendor_s_clean_text_and_request_id_are_logged(emu: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    emu.faults.add(
        BY_ID, Refuse(code="InvalidParameters", status=400, message="The parameters you provided are invalid.")
    )
    with caplog.at_level(logging.INFO), real_service(emu) as real:
        reason_of(real)
    (record,) = [record for record in caplog.records if record.getMessage() == "vendor call"]
    details = record.__dict__["members"]
    assert details["vendorMessage"] == "The parameters you provided are invalid."
    assert details["vendorCode"] == "InvalidParameters"
    assert details["vendorRequestId"] == emu.calls.of(BY_ID)[0].request_id


def test_a_proxy_in_the_environment_is_not_used(emu: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with real_service(emu) as real:
        assert reason_of(real) == "answered"


def test_a_redirect_is_not_followed(emu: Emulator) -> None:
    emu.faults.add(BY_ID, Redirect(location="/elsewhere"))
    with real_service(emu) as real:
        assert reason_of(real) == "malformed"
    assert emu.calls.count() == 1


def test_a_dropped_keep_alive_connection_costs_a_retry_not_an_error(emu: Emulator) -> None:
    with real_service(emu) as real:
        assert reason_of(real, "cdn:24840") == "answered"
        emu.drop_connections()
        assert reason_of(real, "cdn:12345678") == "answered"


def test_the_sdk_still_looks_for_its_session_where_ours_is_put(emu: Emulator) -> None:
    from darabonba.core import DaraCore  # noqa: PLC0415 -- the SDK loads when it is used

    DaraCore._sessions.clear()
    with real_service(emu) as real:
        real.report("cdn:24840,dcdn:113681,vod:704225667")
    assert DaraCore._sessions
    assert all(isinstance(session, BoundedSession) for session in DaraCore._sessions.values())


def test_no_further_connection_is_made_for_a_second_call(emu: Emulator) -> None:
    with real_service(emu) as real:
        real.report("cdn:24840")
        real.report("cdn:12345678")
    assert len({call.connection for call in emu.calls.of("cdn")}) == 1


def test_twenty_thousand_rows_are_answered_in_little_memory(emu: Emulator) -> None:
    ids = [
        emu.tasks.add("cdn", [f"http://example.com/{k}/{n}.html" for n in range(2_000)], age=3600) for k in range(10)
    ]
    with real_service_in_network_time(emu) as real:
        real.report("cdn:24840")
        tracemalloc.start()
        report = real.report(",".join(f"cdn:{task_id}" for task_id in ids), objects=20_000)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert sum(task.object_counts.complete for task in report.tasks) == 20_000
    assert sum(len(task.objects) for task in report.tasks) == 20_000
    assert peak < 140e6
    assert Reason.MALFORMED.value not in [problem.reason for problem in report.problems]


@pytest.mark.parametrize("code", ["IllegalTimestamp", "InvalidAction.NotFound", "NeverHeardOf"])
def test_a_code_that_concerns_no_single_id_does_not_split_a_call(emu: Emulator, code: str) -> None:
    """Case V2."""
    emu.faults.add(BY_ID, Refuse(code=code, status=400))
    with real_service(emu) as real, pytest.raises(NothingAnswered) as silence:
        real.report(",".join(f"cdn:{number}" for number in range(1, 21)))
    assert emu.calls.count(BY_ID) == 2
    assert silence.value.problems[0].vendor_code == code


def test_an_unknown_code_may_pass(emu: Emulator) -> None:
    emu.faults.add(BY_ID, Refuse(code="NeverHeardOf", status=400))
    with real_service(emu) as real, pytest.raises(NothingAnswered) as silence:
        real.report("cdn:24840")
    assert (silence.value.problems[0].reason, silence.value.problems[0].retry_after) == ("rejected", 60)


def test_what_the_vendor_echoes_of_the_request_is_hidden(emu: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """Case V5."""
    secrets = {"id": "STS.NTxLeakyKeyId", "secret": "leaky/secret+key=", "token": "CAIS" + "leakyToken9+/" * 20}
    emu.accounts.add(AccessKey(secrets["id"], secrets["secret"], token=secrets["token"]))
    echo = f"{secrets['id']} {secrets['token']} Signature={'0f' * 32} {secrets['secret']}"
    emu.faults.add("*", Refuse(code="InvalidParameters", status=400, message=echo))
    emu.faults.add("vod", Refuse(code=echo, status=400))
    environ = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": secrets["id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secrets["secret"],
        "ALIBABA_CLOUD_SECURITY_TOKEN": secrets["token"],
    }
    with (
        caplog.at_level(logging.INFO),
        real_service(emu, credentials=environ) as real,
        pytest.raises(NothingAnswered) as silence,
    ):
        real.report("cdn:24840,vod:1")
    lines = [JsonLines().format(record) for record in caplog.records if record.getMessage() == "vendor call"]
    told = "\n".join([*lines, msgspec.json.encode(silence.value.problems).decode()])
    assert lines
    assert not [secret for secret in (*secrets.values(), "0f" * 32) if secret in told]
    assert "InvalidParameters" in told
