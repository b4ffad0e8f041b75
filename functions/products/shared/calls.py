"""The calls of this instance, in which ids of all instances travel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from functions.errors import UpstreamFault
from functions.logs import log_event
from functions.model import Moment
from functions.products.lookup.loader import TaskLoader
from functions.products.reading.rows import Rows
from functions.products.shared.answers import SharedAnswers, task_id_of
from functions.products.shared.flights import SharedFlights, State
from functions.products.shared.messages import Message, encode_message, shared_fault
from functions.products.shared.records import Known
from functions.upstream.rate_limiter import Permit
from functions.upstream.shared.queue import Answer, SharedQueue
from functions.upstream.shared.server import ServerAway

_CALL_SECONDS = 10.0
"""For a call that nobody here waits for any more."""
_MOST_STORED_TOGETHER = 100

Outcomes = Mapping[str, Rows | UpstreamFault]
"""Rows or a fault, by TaskId."""


class SharedCalls:
    """Makes calls, stores what they bring, and hands it to those who wait here."""

    def __init__(
        self,
        loader: TaskLoader,
        queue: SharedQueue,
        answers: SharedAnswers,
        flights: SharedFlights,
        ended: Callable[[], None],
    ) -> None:
        """`ended` is called whenever a call is over."""
        self._loader = loader
        self._queue = queue
        self._answers = answers
        self._flights = flights
        self._ended = ended
        self._running: dict[int, tuple[asyncio.Task[None], tuple[str, ...]]] = {}
        self._begun = 0

    @property
    def members(self) -> list[str]:
        """What is under way."""
        return [member for _, members in self._running.values() for member in members]

    def begin(self, members: tuple[str, ...], permit: Permit, *, by_bulk: bool) -> None:
        """Make the call that answers these; some may be wanted by other instances only."""
        self._begun += 1
        number = self._begun
        for member, flight in self._flights.by_member().items():
            if member in members:
                flight.batch, flight.state = number, State.TAKEN
        self._loader.action.metrics.count_batch(len(members))
        work = self._by_bulk(members, permit) if by_bulk else self._one_call(members, permit)
        task = asyncio.create_task(work)
        self._running[number] = (task, members)
        task.add_done_callback(lambda ended: self._finished(ended, number, permit))

    async def refresh(self, task_ids: Collection[str]) -> None:
        """Learn what is stored of these."""
        with suppress(ServerAway):
            for task_id, answer in (await self._queue.read(tuple(task_ids))).items():
                known = self._answers.read(task_id, answer)
                if known is not None:
                    self._answers.learn(known)

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = [task for task, _ in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _finished(self, task: asyncio.Task[None], number: int, permit: Permit) -> None:
        """Make sure that nobody waits for this call any more."""
        if not task.cancelled() and (fault := task.exception()) is not None:
            log_event("batch lost", level=logging.ERROR, exception=fault, action=self._loader.action.operation.action)
        permit.unused()  # no effect when the call was made
        del self._running[number]
        for flight in self._flights:
            if flight.batch == number:
                flight.result.cancel()
                self._flights.forget(flight)
        self._ended()

    async def _one_call(self, members: Collection[str], permit: Permit) -> None:
        asked = self._loader.now()
        task_ids = tuple(dict.fromkeys(task_id for member in members if (task_id := task_id_of(member))))
        stored, rows = await asyncio.gather(
            self._history(members, task_ids), self._loader.lookup_rows(task_ids, self._deadline(), permit)
        )
        await self._tell(members, rows, asked, stored)

    async def _by_bulk(self, members: Collection[str], permit: Permit) -> None:
        """By the list; ids that are not in it are asked for one call at a time."""
        bulk = self._loader.bulk
        assert bulk is not None  # noqa: S101 -- only chosen where there is one
        asked = self._loader.now()
        by_id: dict[str, list[str]] = {}
        for member in members:
            if task_id := task_id_of(member):
                by_id.setdefault(task_id, []).append(member)
        found: dict[str, Rows | UpstreamFault] = {}
        async for task_id, rows in bulk.run(tuple(by_id), self._deadline(), permit):
            found[task_id] = rows
            if len(found) >= _MOST_STORED_TOGETHER:
                await self._tell_found(by_id, found, asked)
        await self._tell_found(by_id, found, asked)
        rest = [member for remaining in by_id.values() for member in remaining]
        for start in range(0, len(rest), self._loader.batch_size):
            further = await self._loader.action.limiter.acquire()
            await self._one_call(rest[start : start + self._loader.batch_size], further)

    async def _tell_found(
        self, by_id: dict[str, list[str]], found: dict[str, Rows | UpstreamFault], asked: Moment
    ) -> None:
        members = [member for task_id in found for member in by_id.pop(task_id)]
        if members:
            await self._tell(members, found, asked, await self._history(members, tuple(found)))
        found.clear()

    async def _history(self, members: Collection[str], task_ids: Collection[str]) -> Mapping[str, Answer]:
        """What is stored of these; nothing while the server is away."""
        try:
            return await self._queue.read(tuple(dict.fromkeys((*members, *task_ids))))
        except ServerAway:
            return {}

    async def _tell(
        self, members: Collection[str], rows: Outcomes, asked: Moment, stored: Mapping[str, Answer]
    ) -> None:
        """Hand what the vendor answered to those who wait here, and store it for all."""
        own = self._flights.by_member()
        learned: dict[str, Known] = {}
        faults: dict[str, UpstreamFault] = {}
        for member in members:
            answered = rows.get(task_id_of(member) or member)
            if isinstance(answered, UpstreamFault):
                faults[member] = answered
            elif answered is not None:
                wanted = own[member].key if member in own else None
                learned[member] = self._answers.observe(member, answered, asked, stored, wanted)
        for member in members:
            outcome = learned.get(member) or faults.get(member)
            if member in own and outcome is not None:
                self._flights.resolve(own[member], self._answers.result(own[member].key, outcome))
        told = {member: shared for member, fault in faults.items() if (shared := shared_fault(fault))}
        message = encode_message(Message(self._queue.server.instance, list(members), told))
        with suppress(ServerAway):
            await self._queue.store(tuple(members), self._answers.to_store(learned), message)

    def _deadline(self) -> float:
        return self._flights.deadline(asyncio.get_running_loop().time() + _CALL_SECONDS)
