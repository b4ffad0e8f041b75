from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from functions.events.submit.debounce import Debouncer
from functions.events.timings import RECOVER_SECONDS, timings_of
from functions.settings import Settings
from functions.tasks.quota_reserve import LOOKUP_SECONDS
from tests.support.virtual_time import run


class Calls:
    """Notes what is sent and when; answers each URL with itself."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, tuple[str, ...]]] = []
        self.fault: Exception | None = None

    async def send(self, urls: tuple[str, ...]) -> Mapping[str, str]:
        self.sent.append((round(asyncio.get_running_loop().time(), 3), urls))
        await asyncio.sleep(0.1)
        if self.fault:
            raise self.fault
        return {url: url for url in urls}


def arrivals(calls: Calls, times: list[float]) -> list[str]:
    async def main() -> list[str]:
        burst = Debouncer(calls.send, quiet=0.3, hold=3.0, max_items=100)

        async def one(number: int, at: float) -> str:
            await asyncio.sleep(at)
            return await burst.add(f"{number}")

        return await asyncio.gather(*(one(number, at) for number, at in enumerate(times)))

    return run(main())


def test_a_burst_is_over_when_nothing_came_for_a_while() -> None:
    calls = Calls()
    assert arrivals(calls, [0.0, 0.25, 0.5, 0.85]) == ["0", "1", "2", "3"]
    assert calls.sent == [(0.8, ("0", "1", "2")), (1.15, ("3",))]


def test_what_does_not_cease_is_sent_in_time_all_the_same() -> None:
    calls = Calls()
    arrivals(calls, [number * 0.1 for number in range(62)])
    assert calls.sent[0][0] == 3.0
    assert len(calls.sent) == 3
    assert sum(len(urls) for _, urls in calls.sent) == 62


def test_a_full_call_leaves_at_once() -> None:
    calls = Calls()
    arrivals(calls, [0.0] * 101)
    assert [(at, len(urls)) for at, urls in calls.sent] == [(0.0, 100), (0.3, 1)]


def test_what_goes_wrong_everybody_learns() -> None:
    async def main() -> list[object]:
        calls = Calls()
        calls.fault = RuntimeError("no")
        burst = Debouncer(calls.send, quiet=0.3, hold=3.0, max_items=100)
        return list(await asyncio.gather(burst.add("a"), burst.add("a"), burst.add("b"), return_exceptions=True))

    assert [str(each) for each in run(main())] == ["no"] * 3


def test_who_leaves_does_not_spoil_it_for_the_others() -> None:
    async def main() -> str:
        burst = Debouncer(Calls().send, quiet=0.3, hold=3.0, max_items=100)
        leaving = asyncio.create_task(burst.add("a"))
        staying = asyncio.create_task(burst.add("a"))
        await asyncio.sleep(0.1)
        leaving.cancel()
        return await staying

    assert run(main()) == "a"


@pytest.mark.parametrize("deadline", [0.1, 1, 10, 30, 600])
def test_what_an_owner_hands_in_is_over_before_anybody_recovers_it(deadline: float) -> None:
    timings = timings_of(Settings(deadline_seconds=deadline))
    assert timings.owner + timings.hold + LOOKUP_SECONDS + deadline < timings.recover
    assert timings.recover >= RECOVER_SECONDS
    assert timings.close > timings.recover


@pytest.mark.parametrize(("timeout", "most"), [(60, 50), (600, 50), (20, 10), (6, 3)])
def test_a_sweep_ends_before_the_function_is_stopped(timeout: float, most: float) -> None:
    assert timings_of(Settings(timeout_seconds=timeout)).sweep == most
