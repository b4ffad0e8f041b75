"""Another tool of the same account, which takes its calls and does not ask who else needs some."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec

from bench.account import RIVAL_KEY_ID
from bench.baselines import TypedCalls


class Habit(msgspec.Struct, frozen=True, kw_only=True):
    """`per_second` calls for `task_id` (qualified), evenly spread, for `seconds`."""

    address: str
    task_id: str
    per_second: float
    seconds: float


class Meal(msgspec.Struct, frozen=True):
    """How many of its calls it got."""

    calls: int
    failed: int


def eat(habit: Habit) -> Meal:
    """Call at the given pace, whatever the answers."""
    typed = TypedCalls(habit.address, RIVAL_KEY_ID)
    failures: list[int] = []
    turn, end, made = time.monotonic(), time.monotonic() + habit.seconds, 0
    with ThreadPoolExecutor(16) as pool:
        while turn < end:
            threading.Event().wait(max(0.0, turn - time.monotonic()))
            pool.submit(lambda: failures.append(typed.in_sequence([habit.task_id]).failed))
            made += 1
            turn += 1 / habit.per_second
    return Meal(made, sum(failures))


if __name__ == "__main__":
    eaten = eat(msgspec.json.decode(sys.stdin.buffer.read(), type=Habit))
    sys.stdout.buffer.write(msgspec.json.encode(eaten))
