"""Every client library and every version of the signature that people use (case R5): headers, URLs, chunked bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import alibabacloud_oss_v2 as oss
import httpx
import oss2
import pytest

from emulator.core.accounts import DEFAULT_KEY
from emulator.testing import AccessKey, Emulator
from tests.emulator.oss.clients import AWKWARD

OSS2_AUTHS: list[type] = [oss2.Auth, oss2.AuthV2, oss2.AuthV4]


@pytest.fixture(autouse=True)
def _bucket(emu: Emulator) -> None:
    emu.oss.create_bucket("pics")


def bucket(emu: Emulator, auth: type = oss2.Auth, secret: str = DEFAULT_KEY.secret) -> Any:
    return oss2.Bucket(auth("emulator", secret), emu.url, "pics", region="cn-hangzhou")


def client(emu: Emulator, version: str) -> oss.Client:
    config = oss.config.load_default()
    config.region, config.endpoint, config.signature_version = "cn-hangzhou", emu.url, version
    config.credentials_provider = oss.credentials.StaticCredentialsProvider("emulator", "emulator")
    return oss.Client(config)


@pytest.mark.parametrize("auth", OSS2_AUTHS)
def test_oss2_writes_and_reads_with_every_signature(emu: Emulator, auth: type) -> None:
    pics = bucket(emu, auth)
    pics.put_object(AWKWARD, b"content", headers={"x-oss-meta-a": "1"})
    assert pics.get_object(AWKWARD).read() == b"content"
    assert [each.key for each in oss2.ObjectIterator(pics)] == [AWKWARD]
    assert pics.get_bucket_info().name == "pics"


@pytest.mark.parametrize("auth", OSS2_AUTHS)
def test_oss2_is_refused_with_a_wrong_secret(emu: Emulator, auth: type) -> None:
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket(emu, auth, "wrong").put_object("a", b"")
    assert (caught.value.status, caught.value.code) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("auth", OSS2_AUTHS)
def test_a_url_that_oss2_has_signed_uploads_and_downloads_until_it_expires(emu: Emulator, auth: type) -> None:
    pics = bucket(emu, auth)
    headers = {"content-type": "image/png"}
    put = pics.sign_url("PUT", AWKWARD, 60, slash_safe=True, headers=dict(headers))
    assert httpx.put(put, content=b"content", headers=headers, trust_env=False).status_code == 200
    assert httpx.put(put, content=b"content", headers={"content-type": "text/html"}, trust_env=False).status_code == 403
    get = pics.sign_url("GET", AWKWARD, 60, slash_safe=True, params={"response-content-disposition": "attachment"})
    got = httpx.get(get, trust_env=False)
    assert (got.content, got.headers["content-disposition"]) == (b"content", "attachment")
    late = httpx.get(pics.sign_url("GET", AWKWARD, 0, slash_safe=True), trust_env=False)
    assert (late.status_code, "Request has expired" in late.text) == (403, True)


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_oss_v2_writes_reads_and_presigns_with_both_its_signatures(emu: Emulator, version: str) -> None:
    sdk = client(emu, version)
    sdk.put_object(oss.PutObjectRequest(bucket="pics", key=AWKWARD, body=b"content"))
    signed = sdk.presign(oss.GetObjectRequest(bucket="pics", key=AWKWARD), expires=timedelta(seconds=60))
    assert signed.url is not None
    assert httpx.get(signed.url, headers=dict(signed.signed_headers or {}), trust_env=False).content == b"content"
    assert httpx.get(f"{signed.url[:-3]}x%3D", trust_env=False).status_code == 403


@pytest.mark.parametrize("auth", OSS2_AUTHS)
def test_a_temporary_triple_signs_with_every_version(emu: Emulator, auth: type) -> None:
    emu.accounts.add(AccessKey("temporary", "secret", token="token"))
    version = {oss2.Auth: "v1", oss2.AuthV2: "v2", oss2.AuthV4: "v4"}[auth]
    pics = oss2.Bucket(oss2.StsAuth("temporary", "secret", "token", version), emu.url, "pics", region="cn-hangzhou")
    pics.put_object("a", b"content")
    assert httpx.get(pics.sign_url("GET", "a", 60), trust_env=False).content == b"content"


def test_a_generator_is_sent_in_chunks(emu: Emulator) -> None:
    def parts() -> Iterator[bytes]:
        yield from (b"one ", b"", b"two")

    bucket(emu).put_object("a", parts())
    assert emu.oss.get("pics", "a") == b"one two"


def test_no_signature_stands_in_the_call_log(emu: Emulator) -> None:
    for auth in OSS2_AUTHS:
        httpx.get(bucket(emu, auth).sign_url("GET", "a", 60), trust_env=False)
    assert [call.params for call in emu.calls.of("GetObject")] == 3 * [{"bucket": "pics", "key": "a"}]


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        call()
    return caught.value.status, caught.value.code


def test_objects_are_listed_as_of_old(emu: Emulator) -> None:
    for key in ("a/1", "a/2", "b", "c/3"):
        emu.oss.put("pics", key, "x")
    pics = bucket(emu)
    first = pics.list_objects(delimiter="/", max_keys=1)
    assert (first.prefix_list, first.next_marker, first.is_truncated) == (["a/"], "a/", True)
    rest = pics.list_objects(delimiter="/", marker=first.next_marker)
    assert ([each.key for each in rest.object_list], rest.prefix_list, rest.is_truncated) == (["b"], ["c/"], False)
    assert rest.object_list[0].owner.id == "emulator"


def test_buckets_are_made_listed_and_removed(emu: Emulator) -> None:
    auth = oss2.Auth("emulator", "emulator")
    made = oss2.Bucket(auth, emu.url, "made", region="cn-hangzhou")
    made.create_bucket()
    made.create_bucket()
    service = oss2.Service(auth, emu.url)
    assert [each.name for each in oss2.BucketIterator(service)] == ["made", "pics"]
    assert [each.name for each in service.list_buckets(max_keys=1).buckets] == ["made"]
    made.put_object("a", b"")
    assert refusal(made.delete_bucket) == (409, "BucketNotEmpty")
    made.delete_object("a")
    made.delete_bucket()
    assert [each.name for each in oss2.BucketIterator(service)] == ["pics"]
    emu.oss.create_bucket("foreign", account="other")
    assert refusal(oss2.Bucket(auth, emu.url, "foreign").create_bucket) == (409, "BucketAlreadyExists")
    unsigned = oss2.Bucket(oss2.AnonymousAuth(), emu.url, "another")
    assert refusal(lambda: unsigned.create_bucket(oss2.BUCKET_ACL_PRIVATE)) == (403, "AccessDenied")


def test_an_object_grows_by_what_is_appended_at_its_end(emu: Emulator) -> None:
    pics = bucket(emu)
    first = pics.append_object("log", 0, b"one ")
    assert first.next_position == 4
    assert pics.append_object("log", 4, b"two").next_position == 7
    assert pics.get_object("log").read() == b"one two"
    assert pics.head_object("log").object_type == "Appendable"
    assert refusal(lambda: pics.append_object("log", 4, b"again")) == (409, "PositionNotEqualToLength")
    pics.put_object("plain", b"")
    assert refusal(lambda: pics.append_object("plain", 0, b"")) == (409, "ObjectNotAppendable")
    appended = [event for event in emu.oss.events if event.name == "ObjectCreated:AppendObject"]
    assert [(event.size, event.delta_size) for event in appended] == [(4, 4), (7, 3)]


def test_parts_are_listed_and_copied(emu: Emulator) -> None:
    pics = bucket(emu)
    pics.put_object("source", b"0123456789")
    upload = pics.init_multipart_upload("big").upload_id
    pics.upload_part("big", upload, 2, b"second")
    pics.upload_part_copy("pics", "source", (2, 5), "big", upload, 1)
    listed = pics.list_parts("big", upload, max_parts=1)
    assert ([(part.part_number, part.size) for part in listed.parts], listed.is_truncated) == ([(1, 4)], True)
    rest = pics.list_parts("big", upload, marker=listed.next_marker)
    assert ([(part.part_number, part.size) for part in rest.parts], rest.is_truncated) == ([(2, 6)], False)
    assert "ObjectCreated:UploadPartCopy" in [event.name for event in emu.oss.events]
    out = refusal(lambda: pics.upload_part_copy("pics", "source", (2, 99), "big", upload, 1))
    assert out == (416, "InvalidRange")


def test_objects_have_tags(emu: Emulator) -> None:
    pics = bucket(emu)
    pics.put_object("a", b"", headers={"x-oss-tagging": "team=web&x=%26"})
    assert pics.get_object_tagging("a").tag_set.tagging_rule == {"team": "web", "x": "&"}
    rule = oss2.models.TaggingRule()
    rule.add("only", "one")
    pics.put_object_tagging("a", oss2.models.Tagging(rule))
    assert pics.get_object_tagging("a").tag_set.tagging_rule == {"only": "one"}
    pics.copy_object("pics", "a", "b")
    assert pics.get_object_tagging("b").tag_set.tagging_rule == {"only": "one"}
    pics.delete_object_tagging("a")
    assert pics.get_object_tagging("a").tag_set.tagging_rule == {}
    many = "&".join(f"{number}=x" for number in range(11))
    assert refusal(lambda: pics.put_object("a", b"", headers={"x-oss-tagging": many})) == (400, "InvalidTag")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if-none-match": '"{etag}"'}, 304),
        ({"if-none-match": '"other"'}, 200),
        ({"if-match": '"other"'}, 412),
        ({"if-match": '"{etag}"'}, 200),
        ({"if-modified-since": "{modified}"}, 304),
        ({"if-modified-since": "Mon, 01 Jan 2001 00:00:00 GMT"}, 200),
        ({"if-unmodified-since": "Mon, 01 Jan 2001 00:00:00 GMT"}, 412),
        ({"if-unmodified-since": "{modified}"}, 200),
        ({"if-modified-since": "{modified}", "if-none-match": '"other"'}, 200),
        ({"if-modified-since": "yesterday"}, 400),
    ],
)
def test_a_read_can_have_conditions(emu: Emulator, headers: dict[str, str], status: int) -> None:
    etag = emu.oss.put("pics", "a", "content")
    pics = bucket(emu)
    modified = pics.head_object("a").headers["last-modified"]
    filled = {name: value.format(etag=etag, modified=modified) for name, value in headers.items()}
    assert httpx.get(pics.sign_url("GET", "a", 60), headers=filled, trust_env=False).status_code == status


def test_a_copy_can_have_conditions_on_its_source(emu: Emulator) -> None:
    etag = emu.oss.put("pics", "a", "content")
    pics = bucket(emu)
    pics.copy_object("pics", "a", "b", headers={"x-oss-copy-source-if-match": etag})
    failed = refusal(lambda: pics.copy_object("pics", "a", "c", headers={"x-oss-copy-source-if-match": "other"}))
    assert failed == (412, "PreconditionFailed")
    same = {"x-oss-copy-source-if-none-match": etag}
    with pytest.raises(oss2.exceptions.NotModified):
        pics.copy_object("pics", "a", "c", headers=same)
