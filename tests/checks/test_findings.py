"""Why a complete refresh is not a fresh page: each finding, over real sockets."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest

from emulator.testing import Emulator, Row, Throttle
from tests.checks.conftest import URL, Stage, page
from tests.support.stand_in import close, hang, raw

LONG_AGO = "Last-Modified: Sun, 01 Mar 2020 00:00:00 GMT"
# The emulator's tasks are of today, whenever that is.
AFTER_ANY_TASK = f"Last-Modified: {formatdate(4_000_000_000, usegmt=True)}"
OLD = page("old", 'ETag: "1"', LONG_AGO, "X-Cache: HIT TCP_MEM_HIT dirn:-2:-2", "Age: 60")
NEW = page("new", 'ETag: "2"', "Last-Modified: Mon, 02 Mar 2020 00:00:00 GMT")
NEWEST = page("new", 'ETag: "2"', AFTER_ANY_TASK)


def outcome(report: dict[str, Any]) -> tuple[Any, Any]:
    return report["fresh"], report["finding"]


def test_equal_validators_are_fresh_and_cost_no_call_of_the_vendor(stage: Stage, emu: Emulator) -> None:
    report = stage.opens(NEW, NEW).report()
    assert outcome(report) == (True, "fresh")
    assert report["edge"]["etag"] == report["origin"]["etag"] == '"2"'
    assert (report["differs"], report["task"], report["problems"]) == ([], None, [])
    assert emu.calls.count() == 0


def test_the_evidence_is_what_the_edge_said(stage: Stage) -> None:
    headers = (
        "X-Swift-SaveTime: Sun, 22 Nov 2026 03:02:28 GMT",
        "X-Swift-CacheTime: 3600",
        "Cache-Control: max-age=60",
    )
    edge = page("old", 'ETag: "1"', "X-Cache: HIT TCP_MEM_HIT dirn:-2:-2", "Age: 1842", *headers)
    report = stage.opens(edge, NEW).report()
    seen = report["edge"]
    assert (seen["status"], seen["age"], seen["cacheSeconds"]) == (200, 1842, 3600)
    assert (seen["xCache"], seen["savedAt"]) == ("HIT TCP_MEM_HIT dirn:-2:-2", "Sun, 22 Nov 2026 03:02:28 GMT")
    assert seen["cacheControl"] == "max-age=60"
    assert report["differs"] == ["etag", "sha256"]
    assert seen["bytesRead"] == report["origin"]["bytesRead"] == 3


def test_equal_bytes_are_fresh_whatever_validators_say(stage: Stage) -> None:
    two_servers = page("same", 'ETag: "server-1"'), page("same", 'ETag: "server-2"')
    assert outcome(stage.opens(*two_servers).report()) == (True, "fresh")
    assert outcome(stage.opens(page("same"), page("same")).report()) == (True, "fresh")


def test_without_any_task_it_is_not_refreshed(stage: Stage, emu: Emulator) -> None:
    emu.tasks.add("cdn", ["http://img.example.com/b.css", "http://www.example.com/a.css?v=2"])
    emu.tasks.add("cdn", [URL], object_type="preload")
    assert outcome(stage.opens(OLD, NEW).report()) == (False, "not-refreshed")


@pytest.mark.parametrize(
    ("path", "object_type", "match"),
    [
        (URL, "file", "exact"),
        ("http://img.example.com/a.css", "ignoreparams", "exact"),
        ("http://img.example.com/", "directory", "directory"),
        ("http://img.example.com/.*", "regex", "regex"),
    ],
)
def test_a_complete_refresh_of_the_url_in_any_way_leaves_it_stale_at_the_edge(
    stage: Stage, emu: Emulator, path: str, object_type: str, match: str
) -> None:
    task_id = emu.tasks.add("cdn", [path], object_type=object_type)
    report = stage.opens(OLD, NEW).report()
    assert outcome(report) == (False, "stale-at-edge")
    task = report["task"]
    assert (task["id"], task["objectPath"], task["status"], task["match"]) == (
        f"cdn:{task_id}",
        path,
        "complete",
        match,
    )


@pytest.mark.parametrize(
    "refreshed",
    [
        "https://img.example.com/a.css?v=2",
        "http://img.example.com/a.css",
        "https://img.example.com/a.css",
    ],
)
def test_another_spelling_that_was_refreshed_is_named(stage: Stage, emu: Emulator, refreshed: str) -> None:
    emu.tasks.add("dcdn", [refreshed])
    report = stage.opens(OLD, NEW).report()
    assert outcome(report) == (False, "url-differs-from-refreshed")
    assert report["task"]["objectPath"] == refreshed
    assert "match" not in report["task"]


def test_a_missing_slash_is_another_spelling(stage: Stage, emu: Emulator) -> None:
    emu.tasks.add("cdn", ["http://img.example.com/docs"])
    report = stage.opens(OLD, NEW).report("http://img.example.com/docs/")
    assert outcome(report) == (False, "url-differs-from-refreshed")


@pytest.mark.parametrize(
    ("row", "finding"),
    [
        (Row(URL, "Refreshing", 50), "task-running"),
        (Row(URL, "Pending", 0), "task-running"),
        (Row(URL, "Failed", 25, "Origin Timeout"), "task-failed"),
        (Row(URL, "Timeout", 0), "task-failed"),
        (Row(URL, "Canceled", 0), "task-failed"),
    ],
)
def test_the_row_of_the_url_decides_not_the_task_around_it(stage: Stage, emu: Emulator, row: Row, finding: str) -> None:
    emu.tasks.add("cdn", [Row("http://img.example.com/other", "Complete"), row])
    assert outcome(stage.opens(OLD, NEW).report()) == (False, finding)


def test_the_newest_refresh_decides(stage: Stage, emu: Emulator) -> None:
    emu.tasks.add("cdn", [Row(URL, "Failed", 25, "Origin Timeout")], age=600)
    newest = emu.tasks.add("cdn", [URL], age=60)
    report = stage.opens(OLD, NEW).report()
    assert (report["finding"], report["task"]["id"]) == ("stale-at-edge", f"cdn:{newest}")


def test_a_refresh_from_before_the_change_could_not_know_of_it(stage: Stage, emu: Emulator) -> None:
    emu.tasks.add("cdn", [URL], age=600)
    assert outcome(stage.opens(OLD, NEWEST).report()) == (False, "task-older-than-change")


def test_what_products_cannot_say_is_not_taken_for_not_refreshed(stage: Stage, emu: Emulator) -> None:
    for product in ("cdn", "dcdn", "vod"):
        emu.faults.add(product, Throttle())
    report = stage.opens(OLD, NEW, deadline_seconds=1).report()
    assert outcome(report) == (False, "tasks-unknown")
    assert {problem["product"] for problem in report["problems"]} == {"cdn", "dcdn", "vod"}


def test_what_the_origin_lets_nobody_keep_is_not_the_edges_fault(stage: Stage) -> None:
    origin = page("two", 'ETag: "2"', "Cache-Control: no-store")
    missed = page("one", 'ETag: "1"', "X-Cache: MISS TCP_MISS dirn:-2:-2")
    assert outcome(stage.opens(missed, origin).report()) == (None, "origin-no-store")
    assert outcome(stage.opens(origin, origin).report()) == (True, "origin-no-store")
    # A rule of the domain's has made the edge keep it all the same.
    assert outcome(stage.opens(OLD, origin).report()) == (False, "not-refreshed")


@pytest.mark.parametrize(
    "header",
    ["Cache-Control: private", "Cache-Control: public, Max-Age = 0", "Pragma: no-cache", "Cache-Control: no-cache"],
)
def test_the_vendors_caches_keep_nothing_of_these(stage: Stage, header: str) -> None:
    assert stage.opens(page("x", 'ETag: "1"'), page("y", 'ETag: "2"', header)).report()["finding"] == "origin-no-store"


def test_what_is_nowhere_is_not_found_and_what_is_gone_at_one_side_is_stale(stage: Stage) -> None:
    gone = page("gone", status=404)
    assert outcome(stage.opens(gone, gone).report()) == (True, "origin-not-found")
    assert outcome(stage.opens(OLD, gone).report()) == (False, "not-refreshed")
    assert outcome(stage.opens(gone, NEW).report()) == (False, "not-refreshed")


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_an_error_is_nothing_to_compare_with(stage: Stage, status: int) -> None:
    error = page("no", status=status)
    report = stage.opens(OLD, error).report()
    assert outcome(report) == (None, "origin-unavailable")
    assert report["origin"]["status"] == status
    assert outcome(stage.opens(error, NEW).report()) == (None, "edge-unavailable")


def test_no_answer_is_told_by_its_fault(stage: Stage) -> None:
    report = stage.opens(close, NEW).report()
    assert (report["fresh"], report["finding"], report["edge"]) == (None, "edge-unavailable", {"fault": "malformed"})
    report = stage.opens(OLD, raw(b"SSH-2.0-OpenSSH_9.2\r\n")).report()
    assert (report["finding"], report["origin"]) == ("origin-unavailable", {"fault": "malformed"})


def test_a_redirect_is_compared_and_never_followed(stage: Stage) -> None:
    there = page("", "Location: http://10.0.0.1/", status=302)
    elsewhere = page("", "Location: http://127.0.0.1:1/", status=302)
    assert outcome(stage.opens(there, there).report()) == (True, "fresh")
    report = stage.opens(there, elsewhere).report()
    assert (report["fresh"], report["differs"]) == (False, ["location"])
    assert outcome(stage.opens(there, NEW).report()) == (None, "undecidable")


def test_bytes_that_differ_under_one_etag_are_undecidable(stage: Stage) -> None:
    smaller, whole = page("a b", 'ETag: W/"1"'), page("a  b", 'ETag: "1"')
    assert outcome(stage.opens(smaller, whole).report()) == (None, "undecidable")


def test_where_head_is_not_allowed_get_tells(stage: Stage) -> None:
    def only_get(body: str) -> Any:
        async def reply(exchange: Any) -> None:
            is_head = exchange.head.startswith("HEAD")
            await exchange.send(page("", status=405) if is_head else page(body))

        return reply

    assert outcome(stage.opens(only_get("a"), only_get("a")).report()) == (True, "fresh")
    assert outcome(stage.opens(only_get("a"), only_get("b")).report()) == (False, "not-refreshed")


def test_the_origin_is_asked_for_the_very_path_by_the_configured_name(stage: Stage) -> None:
    asked: list[str] = []

    async def keeping(exchange: Any) -> None:
        asked.append(exchange.head)
        await exchange.send(NEW)

    stage.opens(keeping, keeping).report("http://IMG.example.com/a%2Fb/%E4%B8%AD?x=1&y=%26#part")
    assert len(asked) == 2
    for head in asked:
        line, *headers = head.splitlines()
        assert line == "HEAD /a%2Fb/%E4%B8%AD?x=1&y=%26 HTTP/1.1"
        assert "Host: img.example.com" in headers
        assert not [header for header in headers if header.lower().startswith(("authorization", "cookie", "x-"))]


def test_a_side_that_hangs_is_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.checks.check.HTTP_SECONDS", 0.0)
    assert stage.opens(OLD, hang).report()["origin"] == {"fault": "timeout"}
