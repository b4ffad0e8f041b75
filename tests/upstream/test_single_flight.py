"""Equal questions asked at the same time, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from functions.errors import Reason, UpstreamFault
from functions.upstream.single_flight import SingleFlight
from tests.support.virtual_time import LoopClock, run


class Oracle:
    """Answers after a second; counts how often it was asked and given up."""

    def __init__(self) -> None:
        self.asked = 0
        self.given_up = 0
        self.faults = 0

    async def answer(self) -> int:
        self.asked += 1
        number = self.asked
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        if number <= self.faults:
            raise UpstreamFault(Reason.DEADLINE, product="cdn")
        return number


def sharing(seconds: float = 5.0) -> SingleFlight[int]:
    return SingleFlight(LoopClock(), seconds, 2)


def test_who_asks_the_same_at_the_same_time_is_answered_by_one_question() -> None:
    async def main() -> None:
        oracle, shared = Oracle(), sharing()
        answers = await asyncio.gather(*(shared.run("a", oracle.answer) for _ in range(50)))
        assert (set(answers), oracle.asked) == ({1}, 1)

    run(main())


def test_an_answer_serves_until_it_is_as_old_as_it_may_be_counted_from_the_asking() -> None:
    async def main() -> None:
        oracle, shared = Oracle(), sharing(seconds=5.0)
        await shared.run("a", oracle.answer)
        await asyncio.sleep(3.9)
        assert await shared.run("a", oracle.answer) == 1
        await asyncio.sleep(0.1)
        assert await shared.run("a", oracle.answer) == 2

    run(main())


def test_other_questions_are_asked_by_themselves_and_few_answers_are_kept() -> None:
    async def main() -> None:
        oracle, shared = Oracle(), sharing()
        assert [await shared.run(key, oracle.answer) for key in "abca"] == [1, 2, 3, 4]

    run(main())


def test_what_nobody_waits_for_any_more_is_given_up_and_can_be_asked_again() -> None:
    async def main() -> None:
        oracle, shared = Oracle(), sharing()
        waiting = [asyncio.ensure_future(shared.run("a", oracle.answer)) for _ in range(2)]
        await asyncio.sleep(0.5)
        for task in waiting:
            task.cancel()
        await asyncio.sleep(0)
        assert await shared.run("a", oracle.answer) == 2
        assert oracle.given_up == 1

    run(main())


def test_one_who_leaves_takes_the_answer_from_nobody() -> None:
    async def main() -> None:
        oracle, shared = Oracle(), sharing()
        first, second = (asyncio.ensure_future(shared.run("a", oracle.answer)) for _ in range(2))
        await asyncio.sleep(0.5)
        first.cancel()
        assert await second == 1
        assert oracle.given_up == 0

    run(main())


def test_a_fault_is_the_first_askers_and_the_others_ask_again_together() -> None:
    async def main() -> None:
        oracle, shared = Oracle(), sharing()
        oracle.faults = 1
        answers = await asyncio.gather(*(shared.run("a", oracle.answer) for _ in range(5)), return_exceptions=True)
        assert [answer for answer in answers if not isinstance(answer, UpstreamFault)] == [2] * 4
        assert oracle.asked == 2

    run(main())


def test_a_fault_is_not_kept() -> None:
    async def main() -> None:
        oracle, shared = Oracle(), sharing()
        oracle.faults = 1
        with pytest.raises(UpstreamFault):
            await shared.run("a", oracle.answer)
        assert await shared.run("a", oracle.answer) == 2

    run(main())


def test_nothing_is_kept_once_it_is_to_be_forgotten() -> None:
    async def main() -> None:
        oracle, shared = Oracle(), sharing()
        await shared.run("a", oracle.answer)
        shared.clear()
        assert await shared.run("a", oracle.answer) == 2

    run(main())


@pytest.mark.parametrize("faults", [0, 1])
def test_what_nobody_waits_for_any_more_ends_without_a_word(faults: int) -> None:
    async def main() -> list[dict[str, object]]:
        oracle, shared = Oracle(), sharing()
        oracle.faults = faults
        reported: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
        waiting = asyncio.ensure_future(shared.run("a", oracle.answer))
        await asyncio.sleep(0.5)
        waiting.cancel()
        await asyncio.sleep(2)
        return reported

    assert run(main()) == []
