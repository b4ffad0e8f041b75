"""One report out of many results: every id exactly once, and no verdict without an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from functions.errors import Reason, UpstreamFault
from functions.model import Moment, Row, Status, TaskKey, TaskSnapshot, make_snapshot
from functions.products.lookup.loader import LookupResult
from functions.tasks.lookup.assemble import assemble
from functions.tasks.query import EVERYTHING, LookupQuery, RequestedId, Scope
from functions.tasks.render.task import Renderer
from functions.tasks.report import Outcome, TaskReport
from functions.tasks.scope import seen_by
from tests.support.virtual_time import EPOCH

NOW = Moment(EPOCH, 1000.0)
LONG_AGO = NOW.later(-900)
PRODUCTS = ("cdn", "dcdn", "vod")


def snapshot(key: TaskKey, *rows: tuple[str, Status], asked: Moment = LONG_AGO) -> TaskSnapshot:
    created = datetime.fromtimestamp(EPOCH, UTC) - timedelta(hours=1)
    return make_snapshot(
        key,
        tuple(Row(key.task_id, path, "file", status, status.value.title(), None, created) for path, status in rows),
        checked=NOW,
        unchanged_since=LONG_AGO,
        first_asked=asked,
        primed=True,
    )


def fault(product: str, reason: Reason = Reason.THROTTLED) -> LookupResult:
    return LookupResult(fault=UpstreamFault(reason, product=product, vendor_code="Code", request_id="R"))


def report_on(
    asked: list[RequestedId], known: dict[str, LookupResult], *, scope: Scope = EVERYTHING, objects: int = 20
) -> TaskReport:
    """`known` by `product:id`; everything else is not found."""
    routes = {one: [one.product] if one.product else list(PRODUCTS) for one in asked}
    results = {
        key: seen_by(scope.audience, known.get(str(key), LookupResult(snapshot(key))))
        for one, products in routes.items()
        for key in (one.key_in(product) for product in products)
    }
    query = LookupQuery(ids=tuple(asked), products=PRODUCTS, scope=scope, objects=objects)
    return assemble(query, results, routes, NOW, Renderer())


def found(key: str, *states: Status, host: str = "example.com") -> LookupResult:
    product, task_id = key.split(":")
    rows = [(f"http://{host}/{number}", state) for number, state in enumerate(states)]
    return LookupResult(snapshot(TaskKey(product, task_id), *rows))


def test_a_bare_id_known_to_two_products_gives_two_neighbouring_tasks() -> None:
    known = {"cdn:2": found("cdn:2", Status.COMPLETE), "dcdn:2": found("dcdn:2", Status.COMPLETE)}
    known["cdn:1"], known["cdn:3"] = found("cdn:1", Status.COMPLETE), found("cdn:3", Status.COMPLETE)
    report = report_on([RequestedId("3"), RequestedId("2"), RequestedId("1")], known)
    assert [task.id for task in report.tasks] == ["cdn:3", "cdn:2", "dcdn:2", "cdn:1"]
    assert report.summary.outcome is Outcome.SUCCEEDED


def test_the_times_of_a_task_are_in_utc_and_tell_when_the_vendor_forgets_it() -> None:
    (task,) = report_on([RequestedId("1", "cdn")], {"cdn:1": found("cdn:1", Status.COMPLETE)}).tasks
    assert (task.created_at, task.expires_at) == ("2026-11-22T02:30:00Z", "2026-11-25T02:30:00Z")
    assert task.checked_at == "2026-11-22T03:30:00.000Z"


def test_an_id_asked_bare_and_qualified_is_answered_once() -> None:
    report = report_on([RequestedId("2"), RequestedId("2", "cdn")], {"cdn:2": found("cdn:2", Status.COMPLETE)})
    assert [task.id for task in report.tasks] == ["cdn:2"]
    assert (report.summary.asked, report.summary.found) == (2, 2)


def test_what_one_product_does_wrong_does_not_hide_another_s_answer() -> None:
    report = report_on([RequestedId("2")], {"cdn:2": found("cdn:2", Status.RUNNING), "dcdn:2": fault("dcdn")})
    assert [task.id for task in report.tasks] == ["cdn:2"]
    assert report.undecided == ()
    assert [(problem.product, problem.reason) for problem in report.problems] == [("dcdn", "throttled")]


def test_an_id_that_one_product_could_not_be_asked_for_is_undecided_not_missing() -> None:
    report = report_on([RequestedId("2")], {"vod:2": fault("vod", Reason.TIMEOUT)})
    assert [(entry.id, entry.products) for entry in report.undecided] == [("2", ("vod",))]
    assert not report.summary.done


def test_a_product_that_is_not_activated_has_no_tasks_and_says_so() -> None:
    report = report_on([RequestedId("2")], {"vod:2": fault("vod", Reason.NOT_ACTIVATED)})
    assert [entry.id for entry in report.not_found] == ["2"]
    assert [(problem.reason, problem.retry_after) for problem in report.problems] == [("not-activated", None)]
    assert report.summary.done
    assert report.summary.outcome is Outcome.MISSING


def test_an_id_may_appear_for_a_minute_and_so_long_nothing_is_over() -> None:
    young = LookupResult(snapshot(TaskKey("cdn", "2"), asked=NOW.later(-59)))
    report = report_on([RequestedId("2", "cdn")], {"cdn:2": young})
    assert report.not_found[0].may_appear
    assert not report.summary.done
    assert report.summary.outcome is None


def test_undecided_for_good_is_over_and_missing() -> None:
    report = report_on([RequestedId("2", "cdn")], {"cdn:2": fault("cdn", Reason.DENIED)})
    assert report.summary.done
    assert report.summary.outcome is Outcome.MISSING


def test_any_failed_task_makes_the_outcome_failed() -> None:
    report = report_on([RequestedId("1", "cdn"), RequestedId("2", "cdn")], {"cdn:1": found("cdn:1", Status.TIMEOUT)})
    assert report.summary.outcome is Outcome.FAILED


def test_a_stale_answer_is_shown_as_such_with_the_problem_beside_it() -> None:
    old = found("cdn:1", Status.RUNNING)
    known = {"cdn:1": LookupResult(old.snapshot, fault("cdn").fault)}
    report = report_on([RequestedId("1", "cdn")], known)
    assert report.tasks[0].stale
    assert len(report.problems) == 1


def test_failed_rows_are_shown_first_and_the_rest_is_counted() -> None:
    report = report_on(
        [RequestedId("1", "cdn")], {"cdn:1": found("cdn:1", Status.COMPLETE, Status.RUNNING, Status.FAILED)}, objects=2
    )
    (task,) = report.tasks
    assert [shown.status for shown in task.objects] == ["failed", "complete"]
    assert task.objects_omitted == 1
    assert task.objects[0].error is not None
    assert task.objects[1].error is None


def test_an_answer_shows_at_most_twenty_thousand_rows() -> None:
    many = [Status.COMPLETE] * 9_000
    report = report_on(
        [RequestedId(str(n), "cdn") for n in range(1, 4)],
        {f"cdn:{n}": found(f"cdn:{n}", *many) for n in range(1, 4)},
        objects=20_000,
    )
    assert [len(task.objects) for task in report.tasks] == [9_000, 9_000, 2_000]
    assert report.tasks[2].objects_omitted == 7_000


def test_outside_the_scope_an_id_is_as_unknown_as_any_other() -> None:
    mine = Scope(products=frozenset({"cdn"}), domains=frozenset({"*.example.com", "example.org"}))
    known = {
        "cdn:1": found("cdn:1", Status.COMPLETE, host="img.example.com"),
        "cdn:2": found("cdn:2", Status.COMPLETE, host="example.com"),
        "cdn:3": found("cdn:3", Status.COMPLETE, host="example.org.evil.net"),
        "dcdn:4": found("dcdn:4", Status.COMPLETE, host="img.example.com"),
    }
    asked = [
        RequestedId("1", "cdn"),
        RequestedId("2", "cdn"),
        RequestedId("3", "cdn"),
        RequestedId("4", "dcdn"),
        RequestedId("5", "dcdn"),
    ]
    report = report_on(asked, known, scope=mine)
    assert [task.id for task in report.tasks] == ["cdn:1"]
    assert [entry.id for entry in report.not_found] == ["cdn:2", "cdn:3", "dcdn:4", "dcdn:5"]


def test_a_task_folds_its_visible_rows_only() -> None:
    key = TaskKey("cdn", "1")
    rows = [
        ("http://a.example.com/", Status.COMPLETE),
        ("http://other.net/", Status.FAILED),
        ("^http.*", Status.FAILED),
    ]
    report = report_on(
        [RequestedId("1", "cdn")],
        {"cdn:1": LookupResult(snapshot(key, *rows))},
        scope=Scope(domains=frozenset({"a.example.com"})),
    )
    assert (report.tasks[0].status, report.tasks[0].object_counts.total) == ("complete", 1)


def test_the_version_is_of_what_is_seen_not_of_how_it_was_learned() -> None:
    asked = [RequestedId("1", "cdn"), RequestedId("2", "dcdn")]
    known = {"cdn:1": found("cdn:1", Status.RUNNING), "dcdn:2": fault("dcdn")}
    first = report_on(asked, known)
    part = known["cdn:1"].snapshot
    assert part is not None
    known["cdn:1"] = LookupResult(msgspec.structs.replace(part, checked=NOW.later(5)), fault("cdn").fault)
    later = UpstreamFault(Reason.THROTTLED, product="dcdn", vendor_code="Code", request_id="S", retry_after=9)
    same = report_on(
        asked, {**known, "cdn:1": LookupResult(known["cdn:1"].snapshot), "dcdn:2": LookupResult(fault=later)}
    )
    assert same.version == first.version
    known["cdn:1"] = found("cdn:1", Status.COMPLETE)
    assert report_on(asked, known).version != first.version


FINDINGS = st.sampled_from(["missing", "young", "fault", "stale", *Status])


@given(st.data(), st.lists(st.tuples(st.integers(1, 6), st.sampled_from([None, *PRODUCTS])), min_size=1, unique=True))
def test_each_id_asked_stands_in_exactly_one_place(data: st.DataObject, wanted: list[tuple[int, str | None]]) -> None:
    asked = [RequestedId(str(number), product) for number, product in wanted]
    known: dict[str, LookupResult] = {}
    for key in {TaskKey(product, one.task_id) for one in asked for product in PRODUCTS}:
        kind = data.draw(FINDINGS)
        if isinstance(kind, Status):
            known[str(key)] = found(str(key), kind, data.draw(st.sampled_from(list(Status))))
        elif kind == "young":
            known[str(key)] = LookupResult(snapshot(key, asked=NOW))
        elif kind == "fault":
            known[str(key)] = fault(key.product, data.draw(st.sampled_from(list(Reason))))
        elif kind == "stale":
            known[str(key)] = LookupResult(found(str(key), Status.RUNNING).snapshot, fault(key.product).fault)
    report = report_on(asked, known)
    shown = {task.id for task in report.tasks}
    missing, open_ones = [e.id for e in report.not_found], [e.id for e in report.undecided]
    for one in asked:
        keys = {f"{product}:{one.task_id}" for product in ([one.product] if one.product else PRODUCTS)}
        places = [bool(keys & shown), missing.count(str(one)) == 1, open_ones.count(str(one)) == 1]
        assert sum(places) == 1, (str(one), places)
    assert len(shown) == len(report.tasks)
    summary = report.summary
    assert summary.asked == summary.found + summary.not_found + summary.undecided
    assert (summary.outcome is None) == (not summary.done)
    assert len({(p.product, p.reason) for p in report.problems}) == len(report.problems)
