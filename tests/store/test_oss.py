from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from emulator.testing import AccessKey, Emulator, Refuse, Reset, Slow, Throttle
from functions.errors import StoreFault
from functions.settings import Settings, read_settings
from functions.store.oss import OssStore, open_store
from functions.store.protocol import location_of
from functions.upstream.credentials import CredentialSource
from tests.support.real_service import KEY

BUCKET = "kept"
Run = Callable[[Callable[[OssStore], Coroutine[Any, Any, Any]]], Any]


def settings_for(emu: Emulator, store: str = f"oss://{BUCKET}/status") -> Settings:
    return read_settings({"TASK_STATUS_OSS_ENDPOINT": emu.url, "TASK_STATUS_STORE": store})


@pytest.fixture
def run(emu: Emulator) -> Iterator[Run]:
    emu.oss.create_bucket(BUCKET)
    store = open_store(settings_for(emu), CredentialSource(KEY))
    yield lambda use: asyncio.run(use(store))
    store.close()


def test_what_is_put_can_be_got_and_deleted(emu: Emulator, run: Run) -> None:
    async def use(store: OssStore) -> list[object]:
        etag = await store.put("objects/a.json", b"{}")
        (listed,) = await store.scan("objects/")
        got = await store.get("objects/a.json")
        await store.delete("objects/a.json")
        return [listed.key, listed.etag == etag, got, await store.get("objects/a.json"), await store.scan("objects/")]

    assert run(use) == ["objects/a.json", True, b"{}", None, ()]
    assert {call.params["key"] for call in emu.calls.of("PutObject")} == {"status/objects/a.json"}


def test_folders_are_told_without_what_is_in_them(emu: Emulator, run: Run) -> None:
    async def use(store: OssStore) -> list[object]:
        await asyncio.gather(*(store.put(key, b"") for key in ("t/b/1", "t/b/2", "t/a/x/1", "t/c.json", "u/d/1")))
        return [await store.folders("t/"), await store.folders("t/a/"), await store.folders("none/")]

    assert run(use) == [("t/a/", "t/b/"), ("t/a/x/",), ()]


def test_more_folders_than_a_page_has_are_all_told(emu: Emulator, run: Run) -> None:
    for number in range(1_001):
        emu.oss.put(BUCKET, f"status/t/{number:04d}/1", b"", event=None)

    async def use(store: OssStore) -> tuple[str, ...]:
        return await store.folders("t/")

    assert run(use) == tuple(f"t/{number:04d}/" for number in range(1_001))


def test_of_many_who_create_a_key_one_does(emu: Emulator, run: Run) -> None:
    async def use(store: OssStore) -> tuple[list[bool], bytes | None]:
        created = await asyncio.gather(*(store.create("k", f"{number}".encode()) for number in range(20)))
        return created, await store.get("k")

    created, body = run(use)
    assert created.count(True) == 1
    assert body == f"{created.index(True)}".encode()


@pytest.mark.parametrize("when", ["before-work", "before-answer", "mid-answer"])
def test_a_lost_answer_to_a_create_is_found_out_about(emu: Emulator, run: Run, when: Any) -> None:
    emu.faults.add("PutObject", Reset(when=when), times=1)

    async def use(store: OssStore) -> list[bool]:
        return [await store.create("k", b"mine"), await store.create("k", b"theirs")]

    assert run(use) == [True, False]


def test_a_create_repeated_behind_somebody_else_is_not_ours(emu: Emulator, run: Run) -> None:
    emu.faults.add("PutObject", Reset(when="before-work"), times=1)
    emu.oss.put(BUCKET, "status/k", b"theirs", event=None)
    assert run(lambda store: store.create("k", b"mine")) is False


@pytest.mark.parametrize("fault", [Throttle(), Refuse(code="InternalError", status=500), Reset(when="before-answer")])
def test_what_passes_is_tried_again(emu: Emulator, run: Run, fault: Any) -> None:
    async def use(store: OssStore) -> bytes | None:
        await store.put("k", b"1")
        emu.faults.add("oss", fault, times=2)
        return await store.get("k")

    assert run(use) == b"1"


def test_a_refusal_is_a_fault_with_its_code_and_without_the_key(emu: Emulator, run: Run) -> None:
    emu.faults.add("PutObject", Refuse(code="AccessDenied", status=403))
    with pytest.raises(StoreFault, match="403 AccessDenied") as caught:
        run(lambda store: store.put("k", b"secret content"))
    assert emu.calls.count("PutObject") == 1
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_call_that_hangs_is_over_in_time(emu: Emulator, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.store.oss.CALL_SECONDS", 0.1)
    emu.faults.add("GetObject", Slow(delay=5.0))
    with pytest.raises(StoreFault):
        run(lambda store: store.get("k"))


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_a_bucket_with_versions_is_refused_before_anything_is_claimed(emu: Emulator, run: Run, status: str) -> None:
    emu.oss.set_versioning(BUCKET, status)
    with pytest.raises(StoreFault, match=status):
        run(lambda store: store.create("k", b"1"))
    assert emu.oss.keys(BUCKET) == ()


def test_who_only_reads_needs_no_more_than_the_right_to_read(emu: Emulator, run: Run) -> None:
    assert run(lambda store: store.get("k")) is None
    assert {call.action for call in emu.calls.of("oss")} == {"GetObject"}


def test_the_versions_are_asked_for_once(emu: Emulator, run: Run) -> None:
    async def use(store: OssStore) -> None:
        for number in range(3):
            await store.create(f"{number}", b"1")

    run(use)
    assert emu.calls.count("GetBucketVersioning") == 1


def test_a_scan_reads_on_page_by_page_behind_a_key_and_up_to_a_limit(emu: Emulator, run: Run) -> None:
    keys = [f"p/{number:04}" for number in range(1_203)]
    for key in (*keys, "q/0"):
        emu.oss.put(BUCKET, f"status/{key}", b"1", event=None)

    async def use(store: OssStore) -> list[list[str]]:
        scans = (
            await store.scan("p/"),
            await store.scan("p/", after="p/1200"),
            await store.scan("p/", after="p/0001", limit=2),
        )
        return [[each.key for each in found] for found in scans]

    assert run(use) == [keys, keys[1_201:], keys[2:4]]


def test_the_newest_credentials_sign_each_call(emu: Emulator) -> None:
    emu.oss.create_bucket(BUCKET)
    emu.accounts.add(AccessKey("sts", "temporary", token="T-1"))
    source = CredentialSource({})
    source.offer("sts", "temporary", "T-1")
    store = open_store(settings_for(emu), source)

    async def use() -> bytes | None:
        await store.put("k", b"1")
        emu.accounts.expire("sts")
        emu.accounts.add(AccessKey("newer", "temporary", token="T-2"))
        source.offer("newer", "temporary", "T-2")
        return await store.get("k")

    assert asyncio.run(use()) == b"1"
    store.close()


@pytest.mark.parametrize(
    ("setting", "bucket", "prefix", "inside", "outside"),
    [
        ("oss://kept/status", "kept", "status/", "status/x", "statusx"),
        ("oss://kept/a/b", "kept", "a/b/", "a/b/x", "a/x"),
        ("oss://kept", "kept", "", "anything", None),
    ],
)
def test_where_the_store_lies(setting: str, bucket: str, prefix: str, inside: str, outside: str | None) -> None:
    location = location_of(setting)
    assert (location.bucket, location.prefix) == (bucket, prefix)
    assert location.holds(bucket, inside)
    assert not location.holds("other", inside)
    assert outside is None or not location.holds(bucket, outside)
