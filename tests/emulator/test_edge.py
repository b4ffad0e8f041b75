"""The emulator's edge serves what it fetched until a refresh of it is complete."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from emulator.edge.edges import EdgeSite
from emulator.oss.buckets import BucketSettings
from emulator.testing import Emulator, ManualClock, Row, running_emulator

URL = "http://example.com/img/a%20b.txt"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def emu(clock: ManualClock) -> Iterator[Emulator]:
    with running_emulator(samples=False, clock=clock) as emulator:
        emulator.oss.buckets.create(BucketSettings(name="demo", public_write=True))
        emulator.edges.add(EdgeSite(host="example.com", bucket="demo"))
        yield emulator


def upload(emu: Emulator, text: str, **headers: str) -> None:
    assert httpx.put(f"{emu.url}/demo/img/a%20b.txt", content=text, headers=headers).is_success


def ask(emu: Emulator, method: str = "GET") -> httpx.Response:
    return httpx.request(method, f"{emu.url}/img/a%20b.txt", headers={"Host": "example.com"})


def test_a_copy_is_kept_while_the_origin_changes(emu: Emulator, clock: ManualClock) -> None:
    upload(emu, "one")
    assert (ask(emu).text, ask(emu).headers["x-cache"]) == ("one", "HIT TCP_MEM_HIT dirn:-2:-2")
    clock.advance(60)
    upload(emu, "two")
    kept = ask(emu)
    assert (kept.text, kept.headers["age"]) == ("one", "60")
    head = ask(emu, "HEAD")
    assert (head.headers["etag"], head.headers["content-length"], head.text) == (kept.headers["etag"], "3", "")


@pytest.mark.parametrize(
    ("path", "object_type"),
    [
        (URL, "file"),
        (URL, "ignoreparams"),
        ("http://example.com/img/", "directory"),
        (r"http://example.com/img/.*\.txt", "regex"),
    ],
)
def test_a_complete_refresh_that_covers_it_lets_it_be_fetched_anew(
    emu: Emulator, clock: ManualClock, path: str, object_type: str
) -> None:
    upload(emu, "one")
    ask(emu)
    upload(emu, "two")
    clock.advance(60)
    emu.tasks.add("cdn", [Row(path, "Refreshing", 50)], task_id="1", object_type=object_type)
    assert ask(emu).text == "one"
    emu.tasks.set_row("cdn", "1", path, status="Complete")
    fetched = ask(emu)
    assert (fetched.text, fetched.headers["x-cache"]) == ("two", "MISS TCP_MISS dirn:-2:-2")


def test_other_refreshes_and_prefetches_leave_it(emu: Emulator, clock: ManualClock) -> None:
    upload(emu, "one")
    ask(emu)
    upload(emu, "two")
    clock.advance(60)
    emu.tasks.add("cdn", ["http://example.com/img/b.txt"])
    emu.tasks.add("cdn", [URL], object_type="preload")
    assert ask(emu).text == "one"


def test_what_must_not_be_stored_is_not(emu: Emulator) -> None:
    upload(emu, "one", **{"Cache-Control": "no-store"})
    ask(emu)
    upload(emu, "two")
    assert ask(emu).text == "two"


def test_what_the_bucket_has_not_is_not_found(emu: Emulator) -> None:
    assert ask(emu).status_code == 404
    assert ask(emu, "PUT").status_code == 405
