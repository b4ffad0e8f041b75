"""The emulated account: what is in it, what it allows, and what it was asked."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from bench.processes import vendor

LATENCY = 0.05
KEY_ID = "emulator"
RIVAL_KEY_ID = "rival"
"""Another key of the same account: what it calls can be told apart in the log."""
SETTLED = 120.0
"""Seconds ago a task was created, so that all its rows are there."""


class Call(msgspec.Struct, frozen=True, rename="camel"):
    """A call as the vendor's log has it."""

    action: str
    at: float
    code: str
    access_key_id: str

    @property
    def throttled(self) -> bool:
        """Whether it was turned away for too many calls a second."""
        return self.code in {"TooManyRequests", "Throttling"}


class Account:
    """Controls one emulator."""

    def __init__(self, address: str) -> None:
        """`address` of a running emulator."""
        self.address = address
        self._connection = http.client.HTTPConnection(address)

    def add(
        self, product: str, rows: Sequence[str] = (), *, age: float = SETTLED, moving: bool = False, kind: str = "file"
    ) -> str:
        """A new task; `moving` ones do not end while a benchmark runs, others are complete. The TaskId."""
        transition = {"by": "seconds", "length": 86_400} if moving else {}
        new = {"product": product, "rows": rows or ["http://example.com/a.jpg"], "age": age, "transition": transition}
        task_id: str = self._ask("POST", "tasks", {**new, "objectType": kind})["taskId"]
        return task_id

    def add_many(self, product: str, count: int, *, age: float = SETTLED, moving: bool = False) -> list[str]:
        """New tasks of one row each."""
        return [self.add(product, age=age, moving=moving) for _ in range(count)]

    def complete(self, product: str, task_id: str, object_path: str) -> None:
        """Let one row of a task be complete from now on."""
        self._ask(
            "PATCH", f"tasks/{product}/{task_id}", {"objectPath": object_path, "status": "Complete", "progress": 100}
        )

    def add_fault(self, action: str, fault: Mapping[str, object]) -> None:
        """Let the next call of an action or a product meet a fault."""
        self._ask("POST", "faults", {"action": action, "fault": fault, "times": 1})

    def create_bucket(self, name: str) -> None:
        """An empty bucket in the same emulator."""
        self._ask("POST", "buckets", {"name": name})

    def calls(self) -> list[Call]:
        """What was asked since the last `forget`."""
        return msgspec.convert(self._ask("GET", "calls"), list[Call])

    def forget(self) -> None:
        """Empty the log of calls."""
        self._ask("DELETE", "calls")

    def close(self) -> None:
        """Close the connection to the emulator."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        content = None if body is None else msgspec.json.encode(body)
        self._connection.request(method, f"/_emulator/{path}", content)
        answer = self._connection.getresponse()
        read = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {read.decode()}")
        return msgspec.json.decode(read) if read else None


@contextmanager
def account(*, latency: float = LATENCY, lifted: bool = False) -> Iterator[Account]:
    """An empty account in a process of its own, with the documented limits unless `lifted`."""
    with vendor(
        "--latency", str(latency), "--key", f"{RIVAL_KEY_ID}:{RIVAL_KEY_ID}", *(["--unlimited"] if lifted else [])
    ) as address:
        controlled = Account(address)
        try:
            yield controlled
        finally:
            controlled.close()


def busiest_second(calls: Sequence[Call]) -> int:
    """The most calls that arrived in any sliding second."""
    times = sorted(call.at for call in calls)
    return max((sum(at <= other < at + 1.0 for other in times) for at in times), default=0)
