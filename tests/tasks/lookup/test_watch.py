"""Watching in virtual time: one watch for all who ask the same, woken by change, gone with the last viewer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import msgspec
import pytest

from functions.tasks.lookup.watch import Watches
from functions.tasks.query import LookupQuery, RequestedId, Until
from functions.tasks.report import ObjectCounts, Outcome, Problem, Summary, Task, TaskReport
from functions.tasks.results import LookupAnswer, NothingAnswered
from tests.support.virtual_time import run

QUERY = LookupQuery(ids=(RequestedId("1"),), products=("cdn",))
DOWN = NothingAnswered((Problem(product="cdn", reason="timeout", request_ids=()),))


def answer(version: str, *, done: bool = False, failed: int = 0, next_look: float = 1.0) -> LookupAnswer:
    task = Task(
        id="cdn:1",
        product="cdn",
        task_id="1",
        action="refresh",
        object_type="file",
        status="running",
        done=done,
        progress=None,
        created_at=None,
        expires_at=None,
        checked_at="2026-11-22T03:30:00.000Z",
        stale=False,
        object_counts=ObjectCounts(total=9, failed=failed),
        objects=(),
        objects_omitted=9,
    )
    counts = dict.fromkeys(("pending", "running", "complete", "failed", "timeout", "canceled", "unknown"), 0)
    summary = Summary(
        asked=1,
        found=1,
        not_found=0,
        undecided=0,
        **counts,
        progress=None,
        done=done,
        outcome=Outcome.SUCCEEDED if done else None,
    )
    report = TaskReport(tasks=(task,), not_found=(), undecided=(), problems=(), summary=summary, version=version)
    return LookupAnswer(report=report, retry_after=None if done else 1, next_look=next_look)


class Script:
    """Answers looks one after the other, the last one for ever; counts them."""

    def __init__(self, *steps: LookupAnswer | Exception) -> None:
        self.looks = 0
        self._steps = list(steps)

    async def __call__(self, _: LookupQuery) -> LookupAnswer:
        self.looks += 1
        step = self._steps[0] if len(self._steps) == 1 else self._steps.pop(0)
        await asyncio.sleep(0.01)
        if isinstance(step, Exception):
            raise step
        return step


def held(script: Script, **wait: object) -> tuple[LookupAnswer, float]:
    async def main() -> tuple[LookupAnswer, float]:
        found = await Watches(script).hold(msgspec.structs.replace(QUERY, **wait))
        return found, asyncio.get_running_loop().time()

    return run(main())


def test_a_hold_ends_when_everything_is_done() -> None:
    found, seconds = held(Script(answer("a"), answer("b"), answer("c", done=True)), wait=50)
    assert (found.report.version, found.retry_after) == ("c", None)
    assert seconds == pytest.approx(2.03)


def test_a_hold_that_runs_out_gives_the_report_as_it_is_and_asks_to_come_back_at_once() -> None:
    found, seconds = held(Script(answer("a")), wait=5)
    assert (found.report.version, found.retry_after, seconds) == ("a", 0, 5)


def test_a_failed_row_ends_the_wait_of_who_asked_for_that_only() -> None:
    script = (answer("a"), answer("b", failed=1), answer("c", done=True))
    assert held(Script(*script), wait=50, until=Until.FAILED)[0].report.version == "b"
    assert held(Script(*script), wait=50, until=Until.DONE)[0].report.version == "c"


@pytest.mark.parametrize(("after", "seen"), [("a", "b"), ("x", "a")])
def test_a_wait_for_change_ends_with_the_first_other_version(after: str, seen: str) -> None:
    assert held(Script(answer("a"), answer("b")), wait=50, until=Until.CHANGED, after=after)[0].report.version == seen


def test_nobody_answering_at_first_is_said_at_once_and_later_is_outlived() -> None:
    with pytest.raises(NothingAnswered):
        held(Script(DOWN), wait=50)
    assert held(Script(answer("a"), DOWN, answer("b", done=True)), wait=50)[0].report.version == "b"


def test_an_error_of_ours_ends_a_wait_rather_than_holding_it_for_ever() -> None:
    with pytest.raises(NothingAnswered):
        held(Script(ValueError("bug")), wait=50)


def test_a_thousand_viewers_of_one_question_are_one_watch() -> None:
    script = Script(*(answer(version) for version in "abc"), answer("d", done=True))

    async def main() -> None:
        watches = Watches(script)
        waits = [msgspec.structs.replace(QUERY, wait=n % 50 + 5) for n in range(1000)]
        found = await asyncio.gather(*(watches.hold(wait) for wait in waits))
        assert {each.report.version for each in found} == {"d"}

    run(main())
    assert script.looks == 4


def test_nothing_follows_when_the_last_viewer_has_left() -> None:
    script = Script(answer("a"))

    async def main() -> int:
        watches = Watches(script)
        await asyncio.gather(*(watches.hold(msgspec.structs.replace(QUERY, wait=n)) for n in (2, 4)))
        looks = script.looks
        await asyncio.sleep(30)
        assert len(asyncio.all_tasks()) == 1
        return script.looks - looks

    assert run(main()) == 0


def test_the_pace_of_the_answer_is_kept() -> None:
    script = Script(answer("a", next_look=7.0))
    held(script, wait=20)
    assert script.looks == 3


@pytest.mark.parametrize("leave_early", [True, False])
def test_a_slow_viewer_misses_versions_but_never_the_last_one(leave_early: bool) -> None:
    script = Script(*(answer(str(version)) for version in range(50)), answer("end", done=True))

    async def slow(watches: Watches, note: Callable[[str], None]) -> None:
        async with watches.watch(QUERY) as watch:
            seen = await watch.newest()
            while not seen.report.summary.done:
                note(seen.report.version)
                await asyncio.sleep(10)
                later = await watch.after(seen, asyncio.get_running_loop().time() + 60)
                assert later
                seen = later
            note(seen.report.version)

    async def main() -> list[str]:
        watches, notes = Watches(script), list[str]()
        quick = asyncio.create_task(watches.hold(msgspec.structs.replace(QUERY, wait=3 if leave_early else 55)))
        await slow(watches, notes.append)
        await quick
        return notes

    notes = run(main())
    assert notes[-1] == "end"
    assert len(notes) < 9


def test_viewers_who_ask_for_the_same_ids_in_any_order_share_one_watch() -> None:
    """Case A6."""
    ids = tuple(RequestedId(str(number)) for number in range(9))

    async def main() -> int:
        script = Script(answer("a"), answer("b", done=True))
        watches = Watches(script)
        orders = [ids[turn:] + ids[:turn] for turn in range(len(ids))]
        queries = [LookupQuery(ids=order, products=("cdn",), wait=9) for order in orders]
        held = await asyncio.gather(*(watches.hold(query) for query in queries))
        assert {each.report.version for each in held} == {"b"}
        return script.looks

    assert run(main()) == 2


def test_other_requests_are_served_between_the_viewers_of_one_change() -> None:
    async def main() -> list[int]:
        watches = Watches(Script(answer("a"), answer("b", done=True)))
        changed = asyncio.Event()
        served: list[int] = []
        woken = 0

        async def viewer() -> None:
            nonlocal woken
            await watches.hold(msgspec.structs.replace(QUERY, wait=9, until=Until.DONE))
            woken += 1
            changed.set()

        async def other_requests() -> None:
            await changed.wait()
            while woken < 190:
                await asyncio.sleep(0)
                served.append(woken)

        viewers = [asyncio.create_task(viewer()) for _ in range(190)]
        await asyncio.gather(other_requests(), *viewers)
        return served

    served = run(main())
    assert max(later - earlier for earlier, later in pairwise(served)) <= 16


def test_once_the_instance_is_about_to_end_a_new_wait_is_answered_at_once() -> None:
    async def main() -> tuple[LookupAnswer, float]:
        watches = Watches(Script(answer("a")))
        watches.close()
        found = await watches.hold(msgspec.structs.replace(QUERY, wait=50))
        return found, asyncio.get_running_loop().time()

    found, seconds = run(main())
    assert (found.report.version, found.retry_after) == ("a", 0)
    assert seconds < 1


def test_who_comes_after_a_failed_first_look_gets_a_look_of_their_own() -> None:
    async def main() -> LookupAnswer:
        watches = Watches(Script(DOWN, answer("b", done=True)))
        async with watches.watch(QUERY) as first:
            with pytest.raises(NothingAnswered):
                await first.newest()
            return await watches.hold(msgspec.structs.replace(QUERY, wait=5))

    assert run(main()).report.version == "b"
