"""The fan-out over three products: how many calls, how long, and nothing lost when products fail."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.testing import Emulator, Hang, Refuse, Reset, Row, Text, Throttle, Transition, Truncate
from functions.tasks.results import NothingAnswered
from tests.support.real_service import LIFTED, RealService, real_service, real_service_in_network_time

SAMPLES = "24840,dcdn:113681,vod:704225667,999"


def test_the_source_documents_tasks_are_found_and_999_is_not(emu: Emulator) -> None:
    with real_service(emu) as real:
        report = real.report(SAMPLES)
    assert [task.id for task in report.tasks] == ["cdn:24840", "dcdn:113681", "vod:704225667"]
    assert [(entry.id, entry.products) for entry in report.not_found] == [("999", ("cdn", "dcdn", "vod"))]
    assert report.problems == ()


def test_twenty_five_cdn_ids_cost_exactly_three_calls(emu: Emulator) -> None:
    ids = [emu.tasks.add("cdn", ["http://example.com/"]) for _ in range(25)]
    with real_service(emu) as real:
        report = real.report(",".join(f"cdn:{task_id}" for task_id in ids))
    assert [task.task_id for task in report.tasks] == ids
    assert emu.calls.count() == 3


def test_twenty_five_bare_ids_of_which_eighteen_are_known_cost_three_and_three_and_seven(emu: Emulator) -> None:
    ids = [emu.tasks.add("cdn" if n % 2 else "dcdn", ["http://example.com/"]) for n in range(18)]
    ids += [emu.tasks.add("vod", ["http://example.com/"]) for _ in range(7)]
    with real_service(emu) as real:
        report = real.report(",".join(ids))
        assert [task.task_id for task in report.tasks] == ids
        assert [emu.calls.count(product) for product in ("cdn", "dcdn", "vod")] == [3, 3, 7]
        emu.calls.clear()
        real.service.after_freeze()  # nothing that moves is remembered, only who knows which id
        real.report(",".join(ids))
    assert emu.calls.count() <= 1 + 1 + 7


def test_an_exact_id_is_asked_of_its_product_only(emu: Emulator) -> None:
    with real_service(emu) as real:
        real.report("dcdn:24840")
    assert [call.product for call in emu.calls.all()] == ["dcdn"]


def test_an_id_known_to_two_products_gives_two_tasks(emu: Emulator) -> None:
    emu.tasks.add("dcdn", ["http://example.com/other"], task_id="24840")
    with real_service(emu) as real:
        report = real.report("24840")
    assert [task.id for task in report.tasks] == ["cdn:24840", "dcdn:24840"]
    assert report.summary.found == 1


def test_a_vod_task_of_many_pages_is_read_whole(emu: Emulator) -> None:
    rows = [Row(f"http://example.com/{n}", status="Failed" if n == 119 else "Complete") for n in range(120)]
    task_id = emu.tasks.add("vod", rows, age=3600)
    with real_service(emu) as real:
        (task,) = real.report(f"vod:{task_id}").tasks
    assert (task.object_counts.total, task.object_counts.failed, task.status) == (120, 1, "failed")


def test_one_throttled_one_html_and_one_healthy_product_lose_no_id(emu: Emulator) -> None:
    emu.faults.add("cdn", Throttle())
    emu.faults.add("vod", Text(content="<html>down</html>", status=200))
    with real_service_in_network_time(emu) as real:
        report = real.report("cdn:24840,113681,vod:704225667,999")
    assert [task.id for task in report.tasks] == ["dcdn:113681"]
    assert [entry.id for entry in report.undecided] == ["cdn:24840", "vod:704225667", "999"]
    assert {(problem.product, problem.reason) for problem in report.problems} == {
        ("cdn", "throttled"),
        ("vod", "malformed"),
    }
    assert not report.summary.done


def test_nobody_answering_is_no_report(emu: Emulator) -> None:
    emu.faults.add("*", Refuse(code="Forbidden.RAM", status=403))
    with real_service(emu) as real, pytest.raises(NothingAnswered) as caught:
        real.report(SAMPLES)
    assert {problem.product for problem in caught.value.problems} == {"cdn", "dcdn", "vod"}


def test_a_hanging_product_costs_only_its_own_answer_and_the_deadline_holds(emu: Emulator) -> None:
    emu.faults.add("dcdn", Hang())
    with real_service_in_network_time(emu, hanging="dcdn") as real:
        report = real.report(SAMPLES)
    assert [task.id for task in report.tasks] == ["cdn:24840", "vod:704225667"]
    assert {entry.id for entry in report.undecided} == {"dcdn:113681", "999"}


def test_a_hanging_cheap_product_does_not_keep_the_dear_one_from_being_asked(emu: Emulator) -> None:
    emu.faults.add("dcdn", Hang())
    with real_service_in_network_time(emu, hanging="dcdn") as real:
        report = real.report("704225667")
    assert [task.id for task in report.tasks] == ["vod:704225667"]


def test_no_call_for_ten_ids_of_each_product_waits_for_another(emu: Emulator) -> None:
    emu.faults.add("*", Hang())
    with real_service_in_network_time(emu, hanging="*", **LIFTED, quota_share=1) as real:
        ids = [
            f"{product}:{emu.tasks.add(product, ['http://example.com/'], age=3600)}"
            for product in ("cdn", "dcdn", "vod")
            for _ in range(10)
        ]
        with pytest.raises(NothingAnswered):
            real.report(",".join(ids))
    assert {call.product for call in emu.calls.all()[:3]} == {"cdn", "dcdn", "vod"}, "each before any was given up"


def test_moving_tasks_move_and_end(emu: Emulator) -> None:
    rows = [Row("http://example.com/a"), Row("http://example.com/b", status="Failed", description="Origin Timeout")]
    task_id = emu.tasks.add("cdn", rows, transition=Transition(by="reads", length=4))
    with real_service(emu, fresh_seconds=0) as real:
        seen = [real.report(f"cdn:{task_id}").tasks[0] for _ in range(7)]
    assert seen[0].status in {"pending", "running"}
    assert seen[-1].status == "failed"
    assert [row.error.reason for row in seen[-1].objects if row.error] == ["origin-timeout"]
    assert not seen[-1].done, "a young task is not final at the first look"


TROUBLE = st.sampled_from(
    [None, None, Throttle(), Refuse(code="InternalError", status=500), Text(), Reset(when="mid-answer"), Truncate()]
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=st.lists(
        st.sampled_from(["24840", "cdn:24840", "dcdn:113681", "113681", "vod:704225667", "999", "vod:1"]),
        min_size=1,
        unique=True,
    ),
    faults=st.tuples(TROUBLE, TROUBLE, TROUBLE),
)
def test_each_id_is_answered_exactly_once_under_any_mix_of_faults(
    emu: Emulator, wanted: list[str], faults: tuple[object, ...]
) -> None:
    emu.reset()
    for product, fault in zip(("cdn", "dcdn", "vod"), faults, strict=True):
        if fault is not None:
            emu.faults.add(product, fault)  # type: ignore[arg-type]
    with real_service_in_network_time(emu, deadline_seconds=2) as real:
        try:
            report = real.report(",".join(wanted))
        except NothingAnswered:
            return
    _assert_exactly_once(wanted, report.tasks, report.not_found, report.undecided)


def _assert_exactly_once(wanted: list[str], tasks: tuple, not_found: tuple, undecided: tuple) -> None:  # type: ignore[type-arg]
    for text in wanted:
        product, _, task_id = text.rpartition(":")
        found = any(task.task_id == task_id and product in {"", task.product} for task in tasks)
        places = [found, [e.id for e in not_found].count(text) == 1, [e.id for e in undecided].count(text) == 1]
        assert sum(places) == 1, (text, places)


def test_an_asleep_house_asks_anew_when_it_wakes(emu: Emulator) -> None:
    with real_service(emu) as real:
        assert isinstance(real, RealService)
        task_id = emu.tasks.add("cdn", ["http://example.com/"], transition=Transition(by="seconds", length=60))
        real.report(f"cdn:{task_id}")
        real.service.after_freeze()
        emu.drop_connections()
        report = real.report(f"cdn:{task_id}")
    assert emu.calls.count() >= 2
    assert report.problems == ()


def test_five_hundred_vod_ids_are_found_in_a_walk_over_the_window(emu: Emulator) -> None:
    emu.limits.lift()
    every = [emu.tasks.add("vod", [f"http://example.com/{n}"], age=3600 + n * 60) for n in range(2_000)]
    wanted = every[::4]
    with real_service(emu, None, **LIFTED, quota_share=1) as real:
        report = real.report(",".join(f"vod:{task_id}" for task_id in wanted))
    assert [task.task_id for task in report.tasks] == wanted
    assert emu.calls.count() * 5 <= len(wanted)


def test_a_walk_loses_nothing_while_new_tasks_arrive_and_rows_appear(emu: Emulator) -> None:
    emu.limits.lift()
    ids = []
    for n in range(260):
        rows = [f"http://example.com/{n}/{k}" for k in range(1 + n % 4)]
        ids.append(emu.tasks.add("vod", rows, age=200 + n // 7))  # several in one second, over page ends
    arriving = True

    def keep_arriving() -> None:
        number = 0
        while arriving:
            if number < 10 * emu.calls.count():
                emu.tasks.add("vod", [f"http://example.com/new/{number}"])
                number += 1
            time.sleep(0.001)

    with ThreadPoolExecutor(1) as pool, real_service(emu, None, **LIFTED, quota_share=1) as real:
        crowd = pool.submit(keep_arriving)
        report = real.report(",".join(f"vod:{task_id}" for task_id in [*ids, "999"]))
        arriving = False
        crowd.result()
    assert [task.task_id for task in report.tasks] == ids
    assert [task.object_counts.total for task in report.tasks] == [1 + n % 4 for n in range(260)]
    assert [entry.id for entry in report.not_found] == ["vod:999"]
    assert emu.calls.count() < 40


def test_a_walk_that_fails_half_way_leaves_no_id_without_an_answer(emu: Emulator) -> None:
    emu.limits.lift()
    ids = [emu.tasks.add("vod", [f"http://example.com/{n}"], age=3600) for n in range(120)]
    with real_service(emu, None, **LIFTED, quota_share=1) as real:
        emu.faults.add("vod", Text(content="<html>", status=200), times=2)
        report = real.report(",".join(f"vod:{task_id}" for task_id in ids))
    assert len(report.tasks) + len(report.undecided) == 120
    assert len(report.tasks) >= 119
