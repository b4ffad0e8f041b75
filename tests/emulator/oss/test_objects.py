"""OSS as the vendor's SDK meets it: objects and buckets."""

from __future__ import annotations

from datetime import UTC, datetime

import alibabacloud_oss_v2 as oss
import pytest

from emulator.testing import Emulator, ManualClock
from tests.emulator.oss.clients import AWKWARD, client, put, read, refusal

LONGEST = "é" * 511 + "x"
"""1,023 bytes."""


@pytest.fixture(autouse=True)
def _bucket(request: pytest.FixtureRequest) -> None:
    fixture = "still" if "still" in request.fixturenames else "emu"
    request.getfixturevalue(fixture).oss.create_bucket("pics")


@pytest.mark.parametrize("key", ["a.png", AWKWARD, LONGEST, "a//b", "a/", "+", "a b", "%41"])
def test_what_is_put_is_got_under_the_same_key(emu: Emulator, key: str) -> None:
    stored = put(emu, "pics", key, b"bytes \x00\xff", metadata={"who": "me"}, content_type="image/x")
    got = client(emu).get_object(oss.GetObjectRequest(bucket="pics", key=key))
    with got.body as body:
        assert body.read() == b"bytes \x00\xff"
    assert (got.etag, got.metadata, got.content_type) == (stored.etag, {"who": "me"}, "image/x")
    assert emu.oss.keys("pics") == (key,)
    assert emu.oss.get("pics", key) == b"bytes \x00\xff"


def test_etag_and_checksum_are_those_of_the_bytes(emu: Emulator) -> None:
    # The SDK compares the checksum with its own and would raise InconsistentError.
    stored = put(emu, "pics", "a", b"123456789")
    assert (stored.etag, stored.hash_crc64) == ('"25F9E794323B453885F5181F1B624D0B"', "11051210869376104954")


def test_a_body_that_is_not_the_announced_one_is_refused(emu: Emulator) -> None:
    wrong = "1B2M2Y8AsgTpgAmY7PhCfg=="
    assert refusal(lambda: put(emu, "pics", "a", b"not empty", content_md5=wrong)) == (400, "InvalidDigest")
    assert emu.oss.keys("pics") == ()


@pytest.mark.parametrize("key", [LONGEST + "y", "/leading", "\\leading"])
def test_a_key_that_oss_does_not_allow_is_refused(emu: Emulator, key: str) -> None:
    assert refusal(lambda: put(emu, "pics", key)) == (400, "InvalidObjectName")


def test_head_describes_without_sending(still: Emulator, clock: ManualClock) -> None:
    stored = put(still, "pics", "a", b"12345", cache_control="max-age=1")
    head = client(still).head_object(oss.HeadObjectRequest(bucket="pics", key="a"))
    assert (head.content_length, head.etag, head.cache_control) == (5, stored.etag, "max-age=1")
    assert head.last_modified == datetime.fromtimestamp(int(clock.now()), UTC)


def test_a_range_is_a_part(emu: Emulator) -> None:
    emu.oss.put("pics", "a", "0123456789")
    assert read(emu, "pics", "a", range_header="bytes=2-4") == b"234"
    assert read(emu, "pics", "a", range_header="bytes=8-") == b"89"
    assert read(emu, "pics", "a", range_header="bytes=-3") == b"789"
    assert read(emu, "pics", "a", range_header="bytes=20-30") == b"0123456789"


def test_conditions_on_reading_hold(emu: Emulator) -> None:
    tag = emu.oss.put("pics", "a", "x")
    assert read(emu, "pics", "a", if_match=tag) == b"x"
    assert refusal(lambda: read(emu, "pics", "a", if_match="other")) == (412, "PreconditionFailed")
    assert refusal(lambda: read(emu, "pics", "a", if_none_match=tag))[0] == 304


def test_what_is_not_there_is_said_so(emu: Emulator) -> None:
    assert refusal(lambda: read(emu, "pics", "nothing")) == (404, "NoSuchKey")
    assert refusal(lambda: read(emu, "nowhere", "a")) == (404, "NoSuchBucket")
    head = oss.HeadObjectRequest(bucket="pics", key="nothing")
    assert refusal(lambda: client(emu).head_object(head)) == (404, "NoSuchKey")
    assert client(emu).is_object_exist("pics", "nothing") is False


def test_deleting_is_done_whether_or_not_it_was_there(emu: Emulator) -> None:
    emu.oss.put("pics", AWKWARD, "x")
    for _ in range(2):
        answer = client(emu).delete_object(oss.DeleteObjectRequest(bucket="pics", key=AWKWARD))
        assert answer.status_code == 204
    assert emu.oss.keys("pics") == ()


@pytest.mark.parametrize("quiet", [True, False])
def test_many_are_deleted_in_one_call(emu: Emulator, quiet: bool) -> None:
    for key in ("a", AWKWARD, "kept"):
        emu.oss.put("pics", key, "x")
    named = [oss.DeleteObject(key=key) for key in ("a", AWKWARD, "never there")]
    answer = client(emu).delete_multiple_objects(
        oss.DeleteMultipleObjectsRequest(bucket="pics", objects=named, quiet=quiet)
    )
    assert emu.oss.keys("pics") == ("kept",)
    deleted = [each.key for each in answer.deleted_objects or []]
    assert deleted == ([] if quiet else ["a", AWKWARD, "never there"])


def test_a_copy_has_the_bytes_and_the_metadata(emu: Emulator) -> None:
    emu.oss.create_bucket("other")
    put(emu, "pics", AWKWARD, b"bytes", metadata={"who": "me"})
    copied = client(emu).copy_object(
        oss.CopyObjectRequest(bucket="other", key="b", source_bucket="pics", source_key=AWKWARD)
    )
    head = client(emu).head_object(oss.HeadObjectRequest(bucket="other", key="b"))
    assert (copied.etag, head.metadata) == (head.etag, {"who": "me"})
    assert read(emu, "other", "b") == b"bytes"


def test_a_copy_can_have_metadata_of_its_own(emu: Emulator) -> None:
    put(emu, "pics", "a", metadata={"who": "me"})
    client(emu).copy_object(
        oss.CopyObjectRequest(
            bucket="pics", key="a", source_key="a", metadata_directive="REPLACE", metadata={"who": "you"}
        )
    )
    assert client(emu).head_object(oss.HeadObjectRequest(bucket="pics", key="a")).metadata == {"who": "you"}


def test_the_source_of_a_copy_must_exist(emu: Emulator) -> None:
    request = oss.CopyObjectRequest(bucket="pics", key="b", source_key="nothing")
    assert refusal(lambda: client(emu).copy_object(request)) == (404, "NoSuchKey")


@pytest.mark.parametrize("versioning", [None, "Enabled", "Suspended"])
def test_a_bucket_says_whether_it_keeps_versions(emu: Emulator, versioning: str | None) -> None:
    emu.oss.create_bucket("kept", versioning)
    info = client(emu).get_bucket_info(oss.GetBucketInfoRequest(bucket="kept")).bucket_info
    assert (info.name, info.versioning, info.acl) == ("kept", versioning, "private")
    asked = client(emu).get_bucket_versioning(oss.GetBucketVersioningRequest(bucket="kept"))
    assert asked.version_status == versioning


def test_forbid_overwrite_protects_what_exists(emu: Emulator) -> None:
    put(emu, "pics", "a", b"first", forbid_overwrite=True)
    assert refusal(lambda: put(emu, "pics", "a", b"second", forbid_overwrite=True)) == (409, "FileAlreadyExists")
    copy = oss.CopyObjectRequest(bucket="pics", key="a", source_key="a", forbid_overwrite=True)
    assert refusal(lambda: client(emu).copy_object(copy)) == (409, "FileAlreadyExists")
    assert emu.oss.get("pics", "a") == b"first"
    put(emu, "pics", "a", b"third", forbid_overwrite=False)
    assert emu.oss.get("pics", "a") == b"third"


@pytest.mark.parametrize("versioning", ["Enabled", "Suspended"])
def test_forbid_overwrite_is_ignored_where_versions_are_or_were_kept(emu: Emulator, versioning: str) -> None:
    emu.oss.create_bucket("kept", versioning)
    first = put(emu, "kept", "a", b"first", forbid_overwrite=True)
    second = put(emu, "kept", "a", b"second", forbid_overwrite=True)
    assert emu.oss.get("kept", "a") == b"second"
    assert (first.version_id == second.version_id) == (versioning == "Suspended")
    deleted = client(emu).delete_object(oss.DeleteObjectRequest(bucket="kept", key="a"))
    assert (deleted.delete_marker, bool(deleted.version_id)) == (True, True)


def test_what_the_emulator_cannot_do_is_refused_rather_than_done_wrong(emu: Emulator) -> None:
    emu.oss.put("pics", "a", "x")
    acl = oss.GetObjectAclRequest(bucket="pics", key="a")
    assert refusal(lambda: client(emu).get_object_acl(acl)) == (501, "NotImplemented")
    assert refusal(lambda: read(emu, "pics", "a", version_id="1")) == (501, "NotImplemented")
