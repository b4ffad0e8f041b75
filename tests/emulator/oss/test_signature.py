"""Who may use a bucket: V4 signatures, temporary credentials, ACLs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import alibabacloud_oss_v2 as oss
import pytest

from emulator.testing import AccessKey, Emulator
from tests.emulator.oss.clients import client, put, read, refusal
from tests.emulator.oss.wire import OssRequest, code_in
from tests.emulator.wire import exchange

NO_MATCH = (403, "SignatureDoesNotMatch")


@pytest.fixture(autouse=True)
def _object(emu: Emulator) -> None:
    emu.oss.create_bucket("pics")
    emu.oss.put("pics", "a", "content")


def test_a_rightly_signed_request_is_answered(emu: Emulator) -> None:
    assert OssRequest().send(emu).body == b"content"


@pytest.mark.parametrize(
    ("spoiled", "expected"),
    [
        ({"x-oss-date": "20200101T000000Z"}, (400, "InvalidArgument")),
        ({"x-oss-date": None}, (403, "AccessDenied")),
        ({"x-oss-date": "yesterday"}, (403, "AccessDenied")),
        ({"x-oss-content-sha256": "0" * 64}, (400, "InvalidArgument")),
        ({"x-oss-meta-slipped": "in"}, NO_MATCH),
        ({"x-oss-meta-mine": "another"}, NO_MATCH),
        ({"x-oss-meta-mine": None}, NO_MATCH),
        ({"content-type": "text/plain"}, NO_MATCH),
        ({"content-md5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, NO_MATCH),
        ({"range": "bytes=0-1"}, NO_MATCH),
        ({"x-oss-security-token": "slipped-in"}, (403, "InvalidSecurityToken")),
        ({"authorization": None}, (403, "AccessDenied")),
        ({"authorization": "OSS emulator:c2lnbmF0dXJl"}, (403, "AccessDenied")),
        ({"authorization": "OSS emulator"}, (400, "InvalidArgument")),
        ({"authorization": "Bearer token"}, (400, "InvalidArgument")),
    ],
)
def test_what_was_signed_cannot_be_changed(
    emu: Emulator, spoiled: dict[str, str | None], expected: tuple[int, str]
) -> None:
    request = OssRequest(
        headers={"x-oss-meta-mine": "1", "range": "bytes=0-2", "content-type": "image/png"},
        signed_too=frozenset({"range"}),
    )
    assert request.send(emu).body == b"con"
    assert code_in(request.send(emu, after_signing=spoiled)) == expected


def test_neither_path_nor_query_nor_method_can_be_changed(emu: Emulator) -> None:
    emu.oss.put("pics", "b", "other")
    assert code_in(OssRequest().send(emu, target="/pics/b")) == NO_MATCH
    listing = OssRequest(key="", query="list-type=2&prefix=a")
    assert listing.send(emu).status == 200
    assert code_in(listing.send(emu, target="/pics/?list-type=2&prefix=b")) == NO_MATCH
    signed = OssRequest(method="GET").signed(emu)["authorization"]
    assert code_in(OssRequest(method="DELETE").send(emu, after_signing={"authorization": signed})) == NO_MATCH


def test_a_query_may_be_spelled_as_the_client_likes(emu: Emulator) -> None:
    emu.oss.put("pics", "é/+a b", "x")
    signed = OssRequest(key="", query="list-type=2&prefix=%C3%A9%2F%2Ba%20b")
    for target in ("/pics/?prefix=%c3%a9/%2ba%20b&list-type=2", "/%70ics/?list-type=2&prefix=%C3%A9/+a%20b"):
        assert b"<KeyCount>1</KeyCount>" in signed.send(emu, target=target).body


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_date_too_far_away_is_refused(emu: Emulator, minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    assert code_in(OssRequest(at=at).send(emu)) == (403, "RequestTimeTooSkewed")


def test_a_wrong_secret_and_an_unknown_key_are_told_apart(emu: Emulator) -> None:
    get = oss.GetObjectRequest(bucket="pics", key="a")
    assert refusal(lambda: client(emu, secret="wrong").get_object(get)) == NO_MATCH
    assert refusal(lambda: client(emu, key_id="nobody").get_object(get)) == (403, "InvalidAccessKeyId")


def test_a_temporary_triple_is_good_until_it_expires(emu: Emulator) -> None:
    emu.accounts.add(AccessKey("STS.1", "secret", token="token"))
    get = oss.GetObjectRequest(bucket="pics", key="a")
    triple = client(emu, "STS.1", "secret", "token")
    assert triple.get_object(get).content_length == 7
    assert refusal(lambda: client(emu, "STS.1", "secret").get_object(get)) == (403, "InvalidSecurityToken")
    assert refusal(lambda: client(emu, "STS.1", "secret", "no").get_object(get)) == (403, "InvalidSecurityToken")
    emu.accounts.expire("STS.1")
    assert refusal(lambda: triple.get_object(get)) == (403, "SecurityTokenExpired")


def test_another_accounts_bucket_is_closed(emu: Emulator) -> None:
    emu.accounts.add(AccessKey("other", "secret", account="other"))
    stranger = client(emu, "other", "secret")
    get = oss.GetObjectRequest(bucket="pics", key="a")
    assert refusal(lambda: stranger.get_object(get)) == (403, "AccessDenied")
    emu.oss.create_bucket("theirs", account="other")
    emu.oss.put("theirs", "secret", "x")
    copy = oss.CopyObjectRequest(bucket="pics", key="b", source_bucket="theirs", source_key="secret")
    assert refusal(lambda: client(emu).copy_object(copy)) == (403, "AccessDenied")


def test_anybody_may_use_a_public_bucket_and_no_other(emu: Emulator) -> None:
    emu.oss.create_bucket("demo", public_write=True)
    head = f"host: {emu.endpoint}\r\ncontent-length: 3"
    assert exchange(emu, f"PUT /demo/img/a.png HTTP/1.1\r\n{head}\r\n\r\nabc".encode()).status == 200
    assert emu.oss.get("demo", "img/a.png") == b"abc"
    assert read(emu, "demo", "img/a.png") == b"abc"
    refused = exchange(emu, f"PUT /pics/img/a.png HTTP/1.1\r\n{head}\r\n\r\nabc".encode())
    assert code_in(refused) == (403, "AccessDenied")


def test_no_answer_and_no_text_holds_a_secret(emu: Emulator) -> None:
    emu.accounts.add(AccessKey("STS.2", "top-secret", token="top-token"))
    put(emu, "pics", "b")
    wrong = OssRequest(key_id="STS.2", secret="guess", token="top-token").send(emu)
    assert code_in(wrong) == NO_MATCH
    assert b"top-" not in wrong.body
    assert "top-" not in repr(emu.calls.all())
