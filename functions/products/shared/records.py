"""Snapshots as instances tell each other: times on the server's clock, and nothing taken for granted when read."""

from __future__ import annotations

from datetime import datetime

import msgspec

from functions.model import Clock, Moment, Row, Status, TaskKey, TaskSnapshot, make_snapshot
from functions.upstream.shared.queue import Answer
from functions.upstream.shared.server import SharedServer

MAX_BYTES = 4 * 1024 * 1024
"""A larger answer is not shared: every instance asks for it itself."""

_RowFields = tuple[str, str, str, Status, str, float | None, datetime | None, str | None, str | None]
"""The members of a `Row`, in its order."""


class Known(msgspec.Struct, frozen=True):
    """A snapshot, and since when the id is asked for by those whom the record is for."""

    snapshot: TaskSnapshot
    asked_since: Moment


class _Record(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    product: str
    task_id: str
    rows: tuple[_RowFields, ...]
    unchanged_since: float
    first_asked: float
    asked_since: float
    primed: bool
    done: bool


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Record).decode


class Records:
    """Writes and reads the records of one product."""

    def __init__(self, product: str, server: SharedServer, clock: Clock) -> None:
        """`clock` is what this instance's snapshots are timed by."""
        self._product = product
        self._server = server
        self._clock = clock

    def write(self, known: Known) -> Answer:
        """The snapshot for all instances."""
        snapshot = known.snapshot
        record = _Record(
            self._product,
            snapshot.key.task_id,
            tuple(msgspec.structs.astuple(row) for row in snapshot.rows),
            self._server_time(snapshot.unchanged_since),
            self._server_time(snapshot.first_asked),
            self._server_time(known.asked_since),
            snapshot.primed,
            snapshot.done,
        )
        return Answer(self._server_time(snapshot.checked), _encode(record))

    def read(self, task_id: str, answer: Answer | None) -> Known | None:
        """What an instance stored about the task; None for what is not a record of it."""
        if answer is None:
            return None
        try:
            record = _decode(answer.content)
            rows = tuple(Row(*fields) for fields in record.rows)
        except msgspec.DecodeError:
            return None
        if (record.product, record.task_id) != (self._product, task_id) or any(row.task_id != task_id for row in rows):
            return None
        snapshot = make_snapshot(
            TaskKey(self._product, task_id),
            rows,
            checked=self._moment(answer.at),
            unchanged_since=self._moment(record.unchanged_since),
            first_asked=self._moment(record.first_asked),
            primed=record.primed,
        )
        # Judged by the instance that asked: clocks differ, and all instances must show the same.
        over = record.done and bool(rows) and all(row.status.terminal for row in rows)
        return Known(msgspec.structs.replace(snapshot, done=over), self._moment(record.asked_since))

    def _server_time(self, moment: Moment) -> float:
        return self._server.time - moment.age_at(self._clock.now())

    def _moment(self, server_time: float) -> Moment:
        return self._clock.now().later(min(server_time - self._server.time, 0.0))
