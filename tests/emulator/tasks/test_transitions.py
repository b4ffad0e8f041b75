"""How tasks move: at once, by reads, by seconds; hidden, one by one, pinned (docs/vendor.md 1.2, 6.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.emulation import Emulation
from emulator.testing import Emulator, ManualClock, Row, Transition
from tests.emulator.wire import SignedRequest

PATHS = [f"http://a.example.com/{number}" for number in range(4)]
ORDER = ["Pending", "Refreshing", "Complete"]


def read(emu: Emulator, task_id: str = "1") -> list[tuple[str, float | None]]:
    """What a read by id shows, as the tasks hands it to the wire."""
    return [(row.status, row.progress) for task in emu.tasks.read("emulator", "cdn", [task_id]) for row in task.rows]


def statuses(emu: Emulator, reads: int) -> list[str]:
    return [",".join(status for status, _ in read(emu)) for _ in range(reads)]


def test_without_a_transition_a_task_is_at_its_end(still: Emulator) -> None:
    still.tasks.add(
        "cdn", [Row(PATHS[0], "Failed", 25, "Origin Timeout"), Row(PATHS[1], "Refreshing", 99.37)], task_id="1"
    )
    assert read(still) == [("Failed", 25), ("Refreshing", 99.37)]


def test_by_reads_every_read_is_a_step(still: Emulator) -> None:
    still.tasks.add("cdn", PATHS[:1], task_id="1", transition=Transition(by="reads", length=3))
    assert statuses(still, 5) == ["Pending", "Refreshing", "Refreshing", "Complete", "Complete"]


def test_looking_from_outside_is_no_read(still: Emulator) -> None:
    still.tasks.add("cdn", PATHS[:1], task_id="1", transition=Transition(by="reads", length=1))
    for _ in range(3):
        still.tasks.all("cdn")
        still.tasks.get("cdn", "1")
    assert statuses(still, 2) == ["Pending", "Complete"]


def test_a_list_is_a_read_of_what_it_shows(still: Emulator) -> None:
    still.tasks.add("vod", PATHS[:1], task_id="1", transition=Transition(by="reads", length=1, hidden=0))
    ask = SignedRequest(action="DescribeVodRefreshTasks", product="vod", params={"TaskId": "1"})
    assert [b"Pending" in ask.send(still).body, b"Complete" in ask.send(still).body] == [True, True]


def test_asking_a_list_for_a_hidden_task_brings_it_nearer(still: Emulator) -> None:
    still.tasks.add("vod", PATHS[:1], task_id="1", transition=Transition(by="reads", length=3, hidden=2))
    ask = SignedRequest(action="DescribeVodRefreshTasks", product="vod", params={"TaskId": "1"})
    assert [b'"TotalCount":1' in ask.send(still).body for _ in range(4)] == [False, False, True, True]


def test_by_seconds_rows_end_one_after_the_other(still: Emulator, clock: ManualClock) -> None:
    rows = [Row(PATHS[0]), Row(PATHS[1], "Failed", 25, "Origin Timeout")]
    still.tasks.add("cdn", rows, task_id="1", transition=Transition(by="seconds", length=40))
    seen = []
    for _ in range(5):
        seen.append(",".join(status for status, _ in read(still)))
        clock.advance(10)
    assert seen == [
        "Pending,Pending",
        "Refreshing,Refreshing",
        "Refreshing,Refreshing",
        "Complete,Refreshing",
        "Complete,Failed",
    ]


def test_a_task_can_be_absent_at_first_and_its_rows_appear_one_by_one(still: Emulator, clock: ManualClock) -> None:
    transition = Transition(by="seconds", length=20, hidden=2, appear=8)
    still.tasks.add("cdn", PATHS, task_id="1", transition=transition)
    seen = []
    for _ in range(12):
        seen.append(len(read(still)))
        clock.advance(1)
    assert seen == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4]


def test_pull_triggered_a_read_shows_the_state_of_the_read_before(still: Emulator, clock: ManualClock) -> None:
    still.tasks.pull_triggered = True
    still.tasks.add("cdn", PATHS[:1], task_id="1", transition=Transition(by="seconds", length=10))
    first = statuses(still, 1)
    clock.advance(60)
    assert first + statuses(still, 2) == ["Pending", "Pending", "Complete"]


def test_a_pinned_row_stays_as_it_is_set(still: Emulator, clock: ManualClock) -> None:
    still.tasks.add("cdn", PATHS[:2], task_id="1", transition=Transition(by="seconds", length=10))
    still.tasks.set_row("cdn", "1", PATHS[1], status="Timeout", progress=12.5)
    clock.advance(60)
    assert read(still) == [("Complete", 100), ("Timeout", 12.5)]
    with pytest.raises(KeyError):
        still.tasks.set_row("cdn", "1", "http://a.example.com/unknown", status="Failed")


def test_rows_can_be_added_later_and_tasks_removed(still: Emulator) -> None:
    still.tasks.add("cdn", PATHS[:1], task_id="1")
    still.tasks.add_rows("cdn", "1", PATHS)
    assert len(read(still)) == 4
    still.tasks.remove("cdn", "1")
    assert read(still) == []
    with pytest.raises(KeyError):
        still.tasks.add_rows("cdn", "1", PATHS)


def test_an_id_is_given_once(still: Emulator) -> None:
    still.tasks.add("cdn", PATHS, task_id="1")
    still.tasks.add("dcdn", PATHS, task_id="1")
    with pytest.raises(ValueError, match="already"):
        still.tasks.add("cdn", PATHS, task_id="1")


def test_the_moving_samples_come_to_their_ends(clock: ManualClock) -> None:
    tasks = Emulation(clock=clock).tasks
    moving = {"31000001": "cdn", "31000002": "dcdn", "31000003": "cdn", "31000004": "vod"}

    def statuses_of(task_id: str) -> set[str]:
        task = tasks.get(moving[task_id], task_id)
        return {row.status for row in task.rows} if task else set()

    assert {task_id: statuses_of(task_id) for task_id in moving} == {task_id: {"Pending"} for task_id in moving}
    clock.advance(121)
    ends = {task_id: statuses_of(task_id) for task_id in moving}
    assert ends == {**{task_id: {"Complete"} for task_id in moving}, "31000002": {"Complete", "Failed"}}


@given(
    transition=st.builds(
        Transition,
        st.sampled_from(["reads", "seconds"]),
        st.floats(0, 100),
        st.floats(0, 50),
        st.floats(0, 50),
        st.floats(0, 1),
    ),
    rows=st.integers(1, 30),
    positions=st.lists(st.floats(0, 200), min_size=2),
)
def test_on_every_transition_rows_only_go_forward_and_end(
    transition: Transition, rows: int, positions: list[float]
) -> None:
    row = Row(PATHS[0])
    for index in range(rows):
        states = [transition.state(position, row, index, rows) for position in sorted(positions)]
        ranks = [(ORDER.index(state.status), state.progress or 0) for state in states]
        assert ranks == sorted(ranks)
    shown = [transition.visible(position, rows) for position in sorted(positions)]
    assert shown == sorted(shown)
    over = max(transition.length, transition.hidden + transition.appear) + 0.001
    assert transition.visible(over, rows) == rows
    assert transition.state(over, row, rows - 1, rows) == row.end
