"""Who may call: docs/vendor.md 5.2 and 7.2."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from alibabacloud_cdn20180510 import models
from alibabacloud_cdn20180510.client import Client

from emulator.core.accounts import Accounts
from emulator.testing import AccessKey, Emulator
from tests.emulator.clients import cdn, config, refusal
from tests.emulator.wire import SignedRequest, exchange

ASK = models.DescribeRefreshTaskByIdRequest(task_id="24840")


def by_id(**changes: object) -> SignedRequest:
    return SignedRequest(params={"TaskId": "24840"}, **changes)  # type: ignore[arg-type]


def test_a_rightly_signed_request_is_answered(emu: Emulator) -> None:
    assert by_id().send(emu).status == 200


@pytest.mark.parametrize("path", ["http://a.example.com/x y+z%2F&=ü~*.jpg", "http://a.example.com/" + "é" * 100])
def test_awkward_characters_survive_signing_and_decoding(emu: Emulator, path: str) -> None:
    answer = SignedRequest(action="DescribeRefreshTasks", params={"ObjectPath": path}).send(emu)
    assert answer.status == 200
    assert emu.calls.all()[-1].params == {"ObjectPath": path}


def test_the_sdk_signs_queries_and_form_bodies_alike(emu: Emulator) -> None:
    path = "http://a.example.com/x y+z&=ü.jpg"
    cdn(emu).refresh_object_caches(models.RefreshObjectCachesRequest(object_path=path))
    cdn(emu).push_object_cache(models.PushObjectCacheRequest(object_path=path))
    assert [call.params["ObjectPath"] for call in emu.calls.all()] == [path, path]


def test_the_async_sdk_is_understood_too(emu: Emulator) -> None:
    ask = models.DescribeRefreshTaskByIdRequest(task_id="24840,12345678")
    body = asyncio.run(cdn(emu).describe_refresh_task_by_id_async(ask)).body
    assert body.total_count == 2


@pytest.mark.parametrize(
    "tampered",
    [
        {"x-acs-action": "DescribeRefreshQuota"},
        {"x-acs-signature-nonce": "another"},
        {"x-acs-security-token": "slipped-in"},
        {"x-acs-content-sha256": "0" * 64},
        {"host": "elsewhere.example.com"},
    ],
)
def test_what_was_signed_cannot_be_changed(emu: Emulator, tampered: dict[str, str]) -> None:
    emu.accounts.add(AccessKey("emulator", "emulator", token=tampered.get("x-acs-security-token")))
    answer = by_id().send(emu, after_signing=tampered)
    assert (answer.status, answer.code) == (400, "SignatureDoesNotMatch")


def test_a_changed_query_or_body_is_noticed(emu: Emulator) -> None:
    query = by_id().bytes_for(emu).replace(b"TaskId=24840", b"TaskId=24841")
    refresh = SignedRequest(action="RefreshObjectCaches", params={}, form={"ObjectPath": "http://a.example.com/1"})
    body = refresh.bytes_for(emu).replace(b"example.com%2F1", b"example.com%2F2")
    for request in (query, body):
        assert _sent(emu, request) == (400, "SignatureDoesNotMatch")


@pytest.mark.parametrize("header", ["host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce", "x-acs-extra"])
def test_a_signature_must_cover_what_matters(emu: Emulator, header: str) -> None:
    answer = by_id(unsigned=(header,), headers={"x-acs-extra": "1"}).send(emu)
    assert (answer.status, answer.code) == (400, "SignatureDoesNotMatch")


def test_a_wrong_secret_is_refused(emu: Emulator) -> None:
    assert by_id(secret="guessed").send(emu).code == "SignatureDoesNotMatch"


def test_an_unknown_key_is_not_found(emu: Emulator) -> None:
    answer = by_id(key_id="somebody").send(emu)
    assert (answer.status, answer.code) == (404, "InvalidAccessKeyId.NotFound")


def test_a_request_without_a_signature_is_refused(emu: Emulator) -> None:
    assert by_id().send(emu, after_signing={"authorization": "Bearer x"}).code == "MissingAuthorization"


@pytest.mark.parametrize(
    ("minutes", "code"), [(-14, ""), (14, ""), (-16, "InvalidTimeStamp.Expired"), (16, "InvalidTimeStamp.Expired")]
)
def test_the_clock_may_be_off_by_a_quarter_of_an_hour(emu: Emulator, minutes: int, code: str) -> None:
    date = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert by_id(headers={"x-acs-date": date}).send(emu).code == code


@pytest.mark.parametrize("date", ["yesterday", "2026-13-01T00:00:00Z", "2026-11-22 10:00:00"])
def test_a_date_that_is_none_is_refused(emu: Emulator, date: str) -> None:
    assert by_id(headers={"x-acs-date": date}).send(emu).code == "InvalidTimeStamp.Format"


def test_a_nonce_serves_once(emu: Emulator) -> None:
    request = by_id().bytes_for(emu)
    assert _sent(emu, request) == (200, "")
    assert _sent(emu, request) == (400, "SignatureNonceUsed")


def test_an_sts_triple_works_until_it_expires(emu: Emulator) -> None:
    emu.accounts.add(AccessKey("STS.1", "s", token="t", expires_at=time.time() + 60))
    client = Client(config(emu, "STS.1", "s", "t"))
    assert client.describe_refresh_task_by_id(ASK).body.total_count == 1
    emu.accounts.expire("STS.1")
    refused = refusal(lambda: client.describe_refresh_task_by_id(ASK))
    assert refused == (400, "InvalidSecurityToken.Expired")


@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_token_that_is_missing_or_wrong_is_refused(emu: Emulator, token: str | None) -> None:
    emu.accounts.add(AccessKey("STS.1", "s", token="t"))
    client = Client(config(emu, "STS.1", "s", token))
    refused = refusal(lambda: client.describe_refresh_task_by_id(ASK))
    assert refused == (400, "InvalidSecurityToken.MismatchWithAccessKey")


def test_accounts_do_not_see_each_others_tasks(emu: Emulator) -> None:
    emu.accounts.add(AccessKey("other", "other", account="other"))
    client = Client(config(emu, "other", "other"))
    assert client.describe_refresh_task_by_id(ASK).body.total_count == 0
    assert client.describe_refresh_tasks(models.DescribeRefreshTasksRequest()).body.total_count == 0


def test_a_removed_key_is_unknown_and_reset_brings_the_first_back(emu: Emulator) -> None:
    emu.accounts.remove("emulator")
    assert by_id().send(emu).status == 404
    emu.reset()
    assert by_id().send(emu).status == 200


def test_no_secret_stands_in_a_keys_text() -> None:
    key = AccessKey("id", "the-secret", token="the-token")
    assert "the-" not in repr(key) + str(Accounts((key,)).get("id"))


def _sent(emu: Emulator, request: bytes) -> tuple[int, str]:
    answer = exchange(emu, request)
    return answer.status, answer.code
