"""Frames of event streams are encoded once for all who saw the same, within a bound of memory."""

from __future__ import annotations

import tracemalloc

from msgspec.structs import replace

from functions.api.sse import Frames
from functions.tasks.report import TaskObject
from functions.tasks.results import LookupAnswer
from tests.support.http_stub_service import report, task

TASKS, ROWS = 100, 20


def answer(number: int) -> LookupAnswer:
    """One in which nothing but the first task differs from the answer before."""

    def rows(progress: float) -> tuple[TaskObject, ...]:
        return tuple(
            TaskObject(
                object_path=f"http://example.com/{row}", status="running", progress=progress, raw_status="R", error=None
            )
            for row in range(ROWS)
        )

    tasks = tuple(
        replace(task(), id=f"cdn:{each}", objects=rows(0.0 if each else float(number))) for each in range(TASKS)
    )
    return LookupAnswer(report=replace(report(), tasks=tasks, version=f"v{number}"), retry_after=1)


def test_an_update_is_encoded_once_for_all_who_saw_the_same() -> None:
    frames, before, after = Frames(), answer(0), answer(1)
    assert frames.between(before, after) is frames.between(before, after)


def test_what_is_kept_is_bounded_by_the_answers_that_small_updates_belong_to() -> None:
    frames, seen = Frames(), answer(0)
    tracemalloc.start()
    for number in range(1, 200):
        newest = answer(number)
        assert len(frames.between(seen, newest)) < 10_000
        seen = newest
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 48 * 1024 * 1024
