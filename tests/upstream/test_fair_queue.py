"""The fair queue: callers and lanes are served in turn, and a place in it can be foretold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from functions.upstream.fair_queue import FairQueue, Lane

ITEMS = st.lists(st.tuples(st.sampled_from(Lane), st.sampled_from("abc")), max_size=40)


def filled(items: list[tuple[Lane, str]]) -> FairQueue[int, str]:
    queue: FairQueue[int, str] = FairQueue()
    for number, (lane, caller) in enumerate(items):
        queue.push(number, f"{caller}{number}", lane=lane, caller=caller)
    return queue


def test_a_caller_with_one_item_does_not_wait_behind_a_caller_with_many() -> None:
    queue = filled([(Lane.NEW, "rude")] * 100 + [(Lane.NEW, "polite")])
    assert "polite100" in queue.take(2)


def test_known_items_do_not_wait_behind_new_ones_even_of_the_same_caller() -> None:
    queue = filled([(Lane.NEW, "a")] * 100 + [(Lane.KNOWN, "a")] * 3)
    assert sorted(queue.take(6)) == sorted(["a100", "a101", "a102", "a0", "a1", "a2"])


def test_an_item_of_two_callers_is_served_once_at_the_earlier_of_their_turns() -> None:
    queue = filled([(Lane.NEW, "a")] * 9)
    queue.push(8, "a8", lane=Lane.KNOWN, caller="b")
    assert (len(queue), queue.callers) == (9, {"a", "b"})
    assert queue.take(2) == ("a8", "a0")
    assert queue.take(9) == ("a1", "a2", "a3", "a4", "a5", "a6", "a7")
    assert (len(queue), queue.callers, list(queue)) == (0, set(), [])


def test_a_lane_without_items_gives_its_turns_away() -> None:
    assert len(filled([(Lane.NEW, "a")] * 9).take(9)) == 9


def test_turns_go_on_from_one_take_to_the_next() -> None:
    queue = filled([(Lane.NEW, "a")] * 3 + [(Lane.NEW, "b")] * 3)
    assert [queue.take(1)[0][0] for _ in range(6)] == ["a", "b", "a", "b", "a", "b"]


@given(ITEMS, st.integers(0, 50))
def test_every_item_is_served_once_and_each_callers_items_in_their_order(
    items: list[tuple[Lane, str]], count: int
) -> None:
    queue = filled(items)
    taken = [*queue.take(count), *queue.take(len(items))]
    assert sorted(taken) == sorted(f"{caller}{number}" for number, (_, caller) in enumerate(items))
    for lane in Lane:
        for caller in "abc":
            own = [f"{caller}{number}" for number, place in enumerate(items) if place == (lane, caller)]
            assert [item for item in taken if item in own] == own


@given(ITEMS, st.sampled_from(Lane), st.sampled_from("abc"), st.integers(1, 5))
def test_nobody_is_served_later_than_was_foretold(
    items: list[tuple[Lane, str]], lane: Lane, caller: str, further: int
) -> None:
    queue = filled(items)
    foretold = queue.ahead_of(further, lane=lane, caller=caller)
    for number in range(further):
        queue.push(1000 + number, f"{caller}{1000 + number}", lane=lane, caller=caller)
    taken = queue.take(len(queue))
    assert taken.index(f"{caller}{1000 + further - 1}") + 1 <= foretold + 1


def test_an_item_can_be_taken_out_of_its_turn() -> None:
    queue = filled([(Lane.NEW, "a"), (Lane.NEW, "b")])
    assert (queue.pop(0), len(queue), queue.get(0), queue.take(5)) == ("a0", 1, None, ("b1",))
