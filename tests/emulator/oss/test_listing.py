"""ListObjectsV2 as the vendor's SDK meets it."""

from __future__ import annotations

from typing import Any

import alibabacloud_oss_v2 as oss
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.testing import Emulator
from tests.emulator.oss.clients import AWKWARD, client, refusal


def page(emu: Emulator, **more: Any) -> Any:
    return client(emu).list_objects_v2(oss.ListObjectsV2Request(bucket="pics", **more))


def keys(emu: Emulator, **more: Any) -> list[str]:
    return [each.key for each in page(emu, **more).contents or []]


@pytest.fixture
def filled(emu: Emulator) -> Emulator:
    emu.oss.create_bucket("pics")
    for key in ("b/2", "a", "b/1", "b/sub/3", AWKWARD, "é", "z"):
        emu.oss.put("pics", key, key)
    return emu


def test_keys_come_in_the_order_of_their_bytes(filled: Emulator) -> None:
    assert keys(filled) == ["a", "b/1", "b/2", "b/sub/3", AWKWARD, "z", "é"]


def test_prefix_and_start_after_narrow(filled: Emulator) -> None:
    assert keys(filled, prefix="b/") == ["b/1", "b/2", "b/sub/3"]
    assert keys(filled, prefix="b/", start_after="b/1") == ["b/2", "b/sub/3"]
    assert keys(filled, prefix="img/ä b+c?") == [AWKWARD]
    assert keys(filled, start_after=AWKWARD) == ["z", "é"]


def test_pages_follow_one_another_without_gap_or_repetition(filled: Emulator) -> None:
    paginator = client(filled).list_objects_v2_paginator()
    pages = list(paginator.iter_page(oss.ListObjectsV2Request(bucket="pics", max_keys=3)))
    assert [len(each.contents or []) for each in pages] == [3, 3, 1]
    assert [each.key for one in pages for each in one.contents or []] == list(filled.oss.keys("pics"))


def test_a_page_describes_itself_and_its_objects(filled: Emulator) -> None:
    answer = page(filled, max_keys=2, prefix="b/", fetch_owner=True)
    assert (answer.name, answer.prefix, answer.max_keys, answer.key_count) == ("pics", "b/", 2, 2)
    assert answer.is_truncated
    assert answer.next_continuation_token
    first = answer.contents[0]
    assert (first.size, first.storage_class, first.owner.id) == (3, "Standard", "emulator")
    assert first.etag == client(filled).head_object(oss.HeadObjectRequest(bucket="pics", key="b/1")).etag


def test_a_delimiter_folds_what_lies_deeper(filled: Emulator) -> None:
    answer = page(filled, prefix="b/", delimiter="/")
    assert [each.key for each in answer.contents] == ["b/1", "b/2"]
    assert [each.prefix for each in answer.common_prefixes] == ["b/sub/"]


def test_a_page_that_ends_in_a_folded_prefix_goes_on_behind_it(emu: Emulator) -> None:
    emu.oss.create_bucket("pics")
    for key in ("a/1", "a/2", "b/1"):
        emu.oss.put("pics", key, "x")
    first = page(emu, delimiter="/", max_keys=1)
    second = page(emu, delimiter="/", max_keys=1, continuation_token=first.next_continuation_token)
    assert [first.common_prefixes[0].prefix, second.common_prefixes[0].prefix] == ["a/", "b/"]
    assert not second.is_truncated


def test_an_empty_bucket_has_an_empty_page(emu: Emulator) -> None:
    emu.oss.create_bucket("pics")
    answer = page(emu)
    assert (answer.contents, answer.key_count, answer.is_truncated) == (None, 0, False)


@pytest.mark.parametrize("asked", [{"max_keys": 1001}, {"max_keys": 0}, {"continuation_token": "%%"}])
def test_a_page_that_cannot_be_is_refused(filled: Emulator, asked: dict[str, Any]) -> None:
    assert refusal(lambda: page(filled, **asked)) == (400, "InvalidArgument")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.text("ab/+ é%", min_size=1, max_size=5).filter(lambda key: key[0] != "/"), max_size=12))
def test_whatever_the_keys_every_one_is_listed_once(emu: Emulator, names: set[str]) -> None:
    emu.oss.create_bucket("pics")
    for name in names:
        emu.oss.put("pics", name, "x")
    listed = client(emu).list_objects_v2_paginator().iter_page(oss.ListObjectsV2Request(bucket="pics", max_keys=5))
    assert [each.key for one in listed for each in one.contents or []] == sorted(names, key=str.encode)
