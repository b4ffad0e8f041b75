"""Submitting through the real SDKs: what is sent, in how many calls, and what is known of the new tasks."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.testing import Emulator, Refuse, Transition
from functions.model import Moment, SystemClock
from functions.products.registry import DEFAULT_PRODUCTS, SPECS
from functions.products.submit.submitter import read_task_ids
from functions.settings import read_settings
from functions.tasks.wiring import build_service
from functions.upstream.credentials import CredentialSource
from functions.upstream.operation import OperationKind
from tests.support.real_service import KEY, environment_of, real_service
from tests.support.submissions import URL, accepted, reasons, submit, submits, urls

DIRECTORY = "https://www.example.com/img/"
OPERATIONS = [
    ("cdn", "refresh", "file", URL, "RefreshObjectCaches", "File", "file"),
    ("cdn", "refresh", "directory", DIRECTORY, "RefreshObjectCaches", "Directory", "directory"),
    ("cdn", "refresh", "regex", "https://www.example.com/.*\\.jpg", "RefreshObjectCaches", "Regex", "regex"),
    ("cdn", "refresh", "ignoreparams", URL, "RefreshObjectCaches", "ExQuery", "ignoreparams"),
    ("cdn", "preload", "file", URL, "PushObjectCache", None, "preload"),
    ("dcdn", "refresh", "file", URL, "RefreshDcdnObjectCaches", "File", "file"),
    ("dcdn", "refresh", "directory", DIRECTORY, "RefreshDcdnObjectCaches", "Directory", "directory"),
    ("dcdn", "refresh", "regex", "www.example.com/.*", "RefreshDcdnObjectCaches", "Regex", "regex"),
    ("dcdn", "refresh", "ignoreparams", URL, "RefreshDcdnObjectCaches", "IgnoreParams", "ignoreparams"),
    ("dcdn", "preload", "file", URL, "PreloadDcdnObjectCaches", None, "preload"),
    ("vod", "refresh", "file", URL, "RefreshVodObjectCaches", "File", "file"),
    ("vod", "refresh", "directory", DIRECTORY, "RefreshVodObjectCaches", "Directory", "directory"),
    ("vod", "refresh", "regex", "https://www.example.com/.*", "RefreshVodObjectCaches", "Regex", "regex"),
    ("vod", "refresh", "ignoreparams", URL, "RefreshVodObjectCaches", "IgnoreParams", "ignoreparams"),
    ("vod", "preload", "file", URL, "PreloadVodObjectCaches", None, "preload"),
]


@pytest.mark.parametrize(("product", "action", "kind", "path", "vendor_action", "word", "reported"), OPERATIONS)
def test_every_operation_makes_a_task_that_can_be_looked_up(
    emu: Emulator,
    product: str,
    action: str,
    kind: str,
    path: str,
    vendor_action: str,
    word: str | None,
    reported: str,
) -> None:
    with real_service(emu) as real:
        answer = submit(real, path, product=product, action=action, kind=kind)
        (task,) = answer.report.tasks
        found = real.report(task.id).tasks[0]
    (call,) = submits(emu)
    assert (call.action, call.params.get("ObjectType"), call.params["ObjectPath"]) == (vendor_action, word, path)
    assert task.id == f"{product}:{task.task_id}"
    assert (task.action, task.object_type) == (action, reported)
    assert (found.id, found.action, found.object_type) == (task.id, action, reported)
    assert (answer.calls, answer.report.rejected) == (1, ())


def test_every_submit_operation_of_every_usual_product_is_tried_above() -> None:
    known = {
        (name, each.action, each.object_type, each.operation.action)
        for name in DEFAULT_PRODUCTS
        for each in SPECS[name].submits
    }
    assert known == {(product, action, kind, name) for product, action, kind, _, name, _, _ in OPERATIONS}
    assert all(each.operation.kind is OperationKind.SUBMIT for spec in SPECS.values() for each in spec.submits)


def test_a_url_named_twice_travels_once(emu: Emulator) -> None:
    with real_service(emu) as real:
        submit(real, URL, URL)
    assert submits(emu)[0].params["ObjectPath"] == URL


def test_ids_that_come_joined_by_commas_are_separate_tasks(emu: Emulator) -> None:
    with real_service(emu) as real:
        answer = submit(real, "https://a.example.com/1", "https://b.example.com/1")
    assert len(submits(emu)) == 1
    assert len(answer.report.tasks) == 2
    assert len(answer.accepted) == 1


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({"RefreshTaskId": "24840"}, ("24840",)),
        ({"PushTaskId": "1, 2,1"}, ("1", "2")),
        ({"PreloadTaskId": "1,,2"}, ("1", "2")),
        ({"preloadTaskId": 17772470184}, ("17772470184",)),
        ({"RefreshTaskId": "1,abc,-2"}, ("1",)),
        ({"RefreshTaskId": ""}, ()),
        ({"RefreshTaskId": None}, ()),
        ({"RefreshTaskId": True}, ()),
        ({"RefreshTaskId": ["1"]}, ()),
        ({"TaskId": "1"}, ("1",)),
        ({"JobId": "1"}, ()),
        (["1"], ()),
        (None, ()),
    ],
)
def test_ids_are_read_whatever_the_member_is_called_and_nothing_is_taken_for_one(
    body: Any, ids: tuple[str, ...]
) -> None:
    assert read_task_ids(body) == ids


@pytest.mark.parametrize(
    ("action", "kind", "count", "end", "calls"),
    [
        ("refresh", "file", 1_000, "", 1),
        ("refresh", "directory", 100, "/", 1),
        ("refresh", "directory", 101, "/", 2),
        ("refresh", "regex", 3, "/.*", 3),
        ("preload", "file", 100, "", 1),
        ("preload", "file", 250, "", 3),
    ],
)
@pytest.mark.parametrize("product", ["cdn", "dcdn", "vod"])
def test_as_few_calls_as_the_limits_allow(
    emu: Emulator, product: str, action: str, kind: str, count: int, end: str, calls: int
) -> None:
    emu.limits.lift()
    with real_service(emu) as real:
        answer = submit(real, *urls(count, end=end), product=product, action=action, kind=kind)
    assert len(submits(emu)) == calls
    assert (answer.report.rejected, accepted(answer)) == ((), count)
    sent = [path for call in submits(emu) for path in call.params["ObjectPath"].split("\n")]
    assert sorted(sent) == sorted(urls(count, end=end))


def test_no_call_holds_more_than_ten_domains(emu: Emulator) -> None:
    paths = [f"https://{number}.example.com/{name}" for name in "ab" for number in range(25)]
    with real_service(emu) as real:
        answer = submit(real, *paths)
    assert (len(submits(emu)), len(answer.report.tasks), answer.report.rejected) == (3, 25, ())


def test_a_burst_of_calls_stays_within_the_accounts_rate(emu: Emulator) -> None:
    emu.limits.set_quota("dcdn", "preload", 100_000)
    with real_service(emu) as real:
        answer = submit(real, *urls(1_500), product="dcdn", action="preload")
    assert answer.report.rejected == ()
    assert emu.calls.busiest_second("PreloadDcdnObjectCaches") <= 12
    assert {call.status for call in submits(emu)} == {200}


def test_more_urls_of_a_domain_than_a_minute_takes_are_left_for_later(emu: Emulator) -> None:
    with real_service(emu) as real:
        first = submit(real, *urls(900))
        second = submit(real, *urls(300, "www.example.com", "?"), *urls(20, "other.example.com"))
    assert accepted(first) == 900
    assert (accepted(second), reasons(second)) == (120, {"throttled": 200})
    (rejection,) = second.report.rejected
    assert rejection.retry_after is not None
    assert 1 <= rejection.retry_after <= 60
    assert len(submits(emu)) == 2


def test_urls_that_were_refused_do_not_use_up_the_minute(emu: Emulator) -> None:
    emu.faults.add("cdn", Refuse(code="QuotaExceeded.Refresh", status=400), times=1)
    with real_service(emu) as real:
        assert reasons(submit(real, *urls(1_000))) == {"quota-exceeded": 1_000}
        assert accepted(submit(real, *urls(1_000))) == 1_000


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("https://www.example.com/a\nhttps://www.example.com/b", "file"),
        ("https://www.example.com/a\u2028b", "file"),
        ("https://www.example.com/a b", "file"),
        ("https://user@www.example.com/", "file"),
        ("https://www.example.com\\@evil.example/", "file"),
        ("https://www.example.com", "file"),
        ("https://*.example.com/", "file"),
        ("ftp://www.example.com/", "file"),
        ("/a.jpg", "file"),
        ("", "file"),
        ("https://www.example.com/" + "a" * 4_096, "file"),
        ("https://www.example.com/img", "directory"),
    ],
)
def test_what_is_no_url_never_reaches_the_vendor(emu: Emulator, path: str, kind: str) -> None:
    good = "https://www.example.com/good/"
    with real_service(emu) as real:
        answer = submit(real, path, good, kind=kind)
    assert [each.object_paths for each in answer.report.rejected] == [(path,)]
    assert answer.report.rejected[0].reason == "invalid-object-path"
    assert submits(emu)[0].params["ObjectPath"] == good


def test_awkward_urls_arrive_as_they_are(emu: Emulator) -> None:
    paths = ("https://www.example.com/a%20b%2Bc?x=1&y=,%0A#z", "https://www.example.com:8443/%E4%B8%AD,;'\"")
    with real_service(emu) as real:
        for product in ("cdn", "dcdn"):
            submit(real, *paths, product=product)
    assert [tuple(call.params["ObjectPath"].split("\n")) for call in submits(emu)] == [paths, paths]


def test_a_kind_that_a_product_does_not_have_is_an_outcome(emu: Emulator) -> None:
    with real_service(emu) as real:
        assert reasons(submit(real, URL, kind="cachetag")) == {"object-type-unsupported": 1}
    assert submits(emu) == []


def test_a_task_may_appear_from_the_moment_it_was_submitted(emu: Emulator) -> None:
    emu.tasks.submit_transition = Transition(by="seconds", length=600, hidden=300)
    with real_service(emu) as real:
        (task,) = submit(real, URL).report.tasks
        (entry,) = real.report(task.id).not_found
    assert entry.may_appear


class LateClock(SystemClock):
    """The machine's clocks, `seconds` later."""

    seconds = 0.0

    def now(self) -> Moment:
        return super().now().later(self.seconds)


def test_how_long_a_task_may_appear_counts_from_its_submission(emu: Emulator) -> None:
    emu.tasks.submit_transition = Transition(by="seconds", length=600, hidden=300)
    clock = LateClock()
    with real_service(emu) as real:
        real.service = build_service(read_settings(environment_of(emu)), CredentialSource(KEY), clock)
        (task,) = submit(real, URL).report.tasks
        clock.seconds = 61
        (entry,) = real.report(task.id).not_found
    assert not entry.may_appear


def test_whose_a_new_task_is_need_not_be_found_out(emu: Emulator) -> None:
    with real_service(emu) as real:
        (task,) = submit(real, URL, product="vod").report.tasks
        emu.calls.clear()
        assert [found.id for found in real.report(task.task_id).tasks] == [task.id]
    assert {call.product for call in emu.calls.all()} == {"vod"}
