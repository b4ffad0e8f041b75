"""Multipart uploads as the vendor's SDK makes them."""

from __future__ import annotations

import io
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest

from emulator.testing import Emulator
from tests.emulator.oss.clients import AWKWARD, client, refusal

PART = b"p" * 102_400
"""As small as any part but the last may be."""


@pytest.fixture(autouse=True)
def _bucket(emu: Emulator) -> None:
    emu.oss.create_bucket("pics")


class Upload:
    """One upload of `key`."""

    def __init__(self, emu: Emulator, key: str = AWKWARD, **more: Any) -> None:
        self.client = client(emu)
        self.where = {"bucket": "pics", "key": key}
        begun = self.client.initiate_multipart_upload(oss.InitiateMultipartUploadRequest(**self.where, **more))
        assert begun.key == key
        self.upload_id = begun.upload_id

    def part(self, number: int, data: bytes) -> oss.UploadPart:
        sent = self.client.upload_part(
            oss.UploadPartRequest(**self.where, upload_id=self.upload_id, part_number=number, body=data)
        )
        return oss.UploadPart(part_number=number, etag=sent.etag)

    def complete(self, *parts: oss.UploadPart, **more: Any) -> Any:
        return self.client.complete_multipart_upload(
            oss.CompleteMultipartUploadRequest(
                **self.where,
                upload_id=self.upload_id,
                complete_multipart_upload=oss.CompleteMultipartUpload(parts=list(parts)),
                **more,
            )
        )

    def abort(self) -> Any:
        return self.client.abort_multipart_upload(
            oss.AbortMultipartUploadRequest(**self.where, upload_id=self.upload_id)
        )


def test_an_object_is_made_of_its_parts(emu: Emulator) -> None:
    upload = Upload(emu, metadata={"who": "me"})
    second, first = upload.part(2, b"end"), upload.part(1, PART)
    done = upload.complete(first, second)
    assert emu.oss.get("pics", AWKWARD) == PART + b"end"
    head = client(emu).head_object(oss.HeadObjectRequest(bucket="pics", key=AWKWARD))
    assert (head.object_type, head.metadata, head.etag) == ("Multipart", {"who": "me"}, done.etag)
    assert (done.etag.endswith('-2"'), done.key) == (True, AWKWARD)
    assert refusal(lambda: upload.complete(first, second)) == (404, "NoSuchUpload")


def test_the_sdks_own_uploader_is_understood(emu: Emulator) -> None:
    uploader = client(emu).uploader(part_size=len(PART), parallel_num=2)
    data = bytes(range(256)) * 1_000
    uploader.upload_from(oss.PutObjectRequest(bucket="pics", key="big"), io.BytesIO(data))
    assert emu.oss.get("pics", "big") == data


def test_a_part_sent_again_replaces_the_first(emu: Emulator) -> None:
    upload = Upload(emu)
    upload.part(1, b"old")
    upload.complete(upload.part(1, b"new"))
    assert emu.oss.get("pics", AWKWARD) == b"new"


def test_parts_that_do_not_fit_are_refused(emu: Emulator) -> None:
    upload = Upload(emu)
    large, small, third = upload.part(1, PART), upload.part(2, b"small"), upload.part(3, b"third")
    assert refusal(lambda: upload.complete(small, large)) == (400, "InvalidPartOrder")
    assert refusal(lambda: upload.complete(large, small, third)) == (400, "EntityTooSmall")
    unknown = oss.UploadPart(part_number=4, etag=third.etag)
    assert refusal(lambda: upload.complete(large, unknown)) == (400, "InvalidPart")
    assert refusal(lambda: upload.part(0, b"x")) == (400, "InvalidArgument")
    assert emu.oss.keys("pics") == ()
    upload.complete(large, third)


def test_an_aborted_upload_leaves_nothing(emu: Emulator) -> None:
    upload = Upload(emu)
    part = upload.part(1, b"x")
    assert upload.abort().status_code == 204
    assert refusal(lambda: upload.complete(part)) == (404, "NoSuchUpload")
    assert refusal(upload.abort) == (404, "NoSuchUpload")


def test_forbid_overwrite_holds_at_both_ends(emu: Emulator) -> None:
    upload = Upload(emu, forbid_overwrite=True)
    part = upload.part(1, b"late")
    emu.oss.put("pics", AWKWARD, "early")
    assert refusal(lambda: upload.complete(part, forbid_overwrite=True)) == (409, "FileAlreadyExists")
    assert refusal(lambda: Upload(emu, forbid_overwrite=True)) == (409, "FileAlreadyExists")
    assert emu.oss.get("pics", AWKWARD) == b"early"


def test_each_step_fires_its_own_event(emu: Emulator) -> None:
    upload = Upload(emu)
    upload.complete(upload.part(1, b"12345"))
    Upload(emu).abort()
    assert [(event.name, event.size) for event in emu.oss.events] == [
        ("ObjectCreated:InitiateMultipartUpload", 0),
        ("ObjectCreated:UploadPart", 5),
        ("ObjectCreated:CompleteMultipartUpload", 5),
        ("ObjectCreated:InitiateMultipartUpload", 0),
        ("ObjectRemoved:AbortMultipartUpload", 0),
    ]
