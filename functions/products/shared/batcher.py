"""Batches ids wanted by the requests of all instances into as few calls as they fit in.

It stands in the place of `Batcher` and hands on to it whatever it cannot do while the shared server is away. One driver
per instance says what is wanted here, takes what waits longest anywhere whenever there is a permit, and hears from the
other instances what they were answered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from enum import Enum
from functools import partial

from functions.errors import UpstreamFault
from functions.logs import log_event
from functions.model import Moment
from functions.products.lookup.loader import LookupResult, TaskLoader
from functions.products.lookup.principal import WantedId
from functions.products.rows import Rows
from functions.products.shared.answers import SharedAnswers, member_of, task_id_of
from functions.products.shared.messages import Message, encode_message, read_message, shared_fault
from functions.products.shared.records import Known
from functions.upstream.batcher import MAX_LINGER_SECONDS, InFlight
from functions.upstream.fair_queue import Lane
from functions.upstream.rate_limiter import Permit
from functions.upstream.shared.queue import RENEWAL_SECONDS, Answer, SharedQueue, Want
from functions.upstream.shared.server import ServerAway

_MOST_BY_BULK = 1_000
_MOST_STORED_TOGETHER = 100
_CALL_SECONDS = 10.0
"""For a call that nobody here waits for any more."""


class _State(Enum):
    """What the server knows of an id that is waited for here."""

    UNSAID = "unsaid"
    WAITING = "waiting"
    IN_FLIGHT = "in flight"


class SharedFlight(InFlight[WantedId, LookupResult]):
    """An id that this instance waits for."""

    def __init__(self, key: WantedId, caller: str, deadline: float, lane: Lane, now: float) -> None:
        """`deadline` and `now` are on the loop's clock."""
        super().__init__(key, caller, deadline, skip_linger=False, now=now)
        self.member = member_of(key)
        self.lane = lane
        self.state = _State.UNSAID
        self.seen = 0.0
        self.any_answer = False
        self.by_itself: InFlight[WantedId, LookupResult] | None = None


class SharedBatcher:
    """Has the methods of `Batcher` that a loader uses."""

    def __init__(
        self, loader: TaskLoader, queue: SharedQueue, answers: SharedAnswers, listen: Callable[[], None]
    ) -> None:
        """In the place of the loader's batcher; `listen` is called whenever messages are needed."""
        self._loader = loader
        self._alone = loader.batcher
        self._action = loader.action
        self._size = loader.batch_size
        self._bulk = loader.bulk
        self._queue = queue
        self._answers = answers
        self._listen = listen
        self._flights: dict[WantedId, SharedFlight] = {}
        self._taken: set[str] = set()
        self._calls: set[asyncio.Task[None]] = set()
        self._batches = 0
        self._waiter: str | None = None
        self._driver: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._said_at = self._take_at = 0.0

    def join(
        self, keys: Mapping[WantedId, Lane], deadline: float, caller: str
    ) -> list[InFlight[WantedId, LookupResult]]:
        """As `Batcher.join`."""
        if self._queue.server.is_away:
            return self._alone.join(keys, deadline, caller)
        now = asyncio.get_running_loop().time()
        joined: list[InFlight[WantedId, LookupResult]] = []
        for key, lane in keys.items():
            flight = self._flights.get(key)
            if flight is None:
                flight = self._flights[key] = SharedFlight(key, caller, deadline, lane, now)
            else:
                self._action.metrics.shared += 1
                flight.deadline = max(flight.deadline, deadline)
            flight.waiters += 1
            joined.append(flight)
        if joined:
            self._start()
        return joined

    def leave(self, joined: Collection[InFlight[WantedId, LookupResult]]) -> None:
        """As `Batcher.leave`; what others wait for goes on."""
        self._alone.leave([flight for flight in joined if not isinstance(flight, SharedFlight)])
        for flight in joined:
            if isinstance(flight, SharedFlight):
                flight.waiters -= 1
                if flight.waiters == 0:
                    self._forget(flight)
                    if flight.by_itself is not None:
                        self._alone.leave([flight.by_itself])
        self._changed.set()

    def calls_for(self, further: int, *, lane: Lane, caller: str) -> int:
        """As `Batcher.calls_for`, as far as the server's last answer tells."""
        if self._queue.server.is_away:
            return self._alone.calls_for(further, lane=lane, caller=caller)
        own = further + sum(flight.lane is lane and flight.caller == caller for flight in self._of(_State.WAITING))
        calls = -(-self._queue.sizes.ahead_of(own, lane) // self._size)
        return min(calls, self._bulk.calls_for(self._queue.sizes.waiting + further)) if self._bulk else calls

    def hear(self, message: bytes) -> list[str]:
        """Another instance stored answers; returns their ids, which may be newer there than here."""
        told = read_message(message)
        if told is None or told.sender == self._queue.server.instance:
            return []
        members = set(told.members)
        for flight in tuple(self._flights.values()):
            fault = told.faults.get(flight.member)
            if fault is not None:
                self._resolve(flight, self._answers.result(flight.key, fault.fault(self._loader.product)))
            elif flight.member in members:
                flight.state = _State.UNSAID
        self._changed.set()
        return [member for member in told.members if member == task_id_of(member)]

    async def refresh(self, task_ids: Collection[str]) -> None:
        """Learn what is stored of these."""
        with suppress(ServerAway):
            for task_id, answer in (await self._queue.read(tuple(task_ids))).items():
                known = self._answers.read(task_id, answer)
                if known is not None:
                    self._answers.learn(known)

    def _start(self) -> None:
        self._listen()
        self._changed.set()
        if self._driver is None:
            self._driver = asyncio.create_task(self._drive())

    async def _drive(self) -> None:
        """As long as anything is waited for here, or under way."""
        try:
            while self._flights or self._calls:
                self._changed.clear()
                await self._say()
                pause = await self._take()
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._changed.wait()
        except ServerAway:
            self._go_on_alone()
        except Exception as fault:  # noqa: BLE001 -- whatever went wrong, nobody may wait in vain
            log_event("batches lost", level=logging.ERROR, exception=fault, action=self._action.operation.action)
            self._go_on_alone()
        finally:
            self._driver = None
            if self._waiter is not None:
                self._queue.limiter.give_up(self._waiter)
                self._waiter = None

    async def _say(self) -> None:
        """Tell the server what is new, and now and then all that is wanted still: leases run out."""
        now = asyncio.get_running_loop().time()
        if now - self._said_at >= RENEWAL_SECONDS:
            self._said_at = now
            if self._taken:
                await self._queue.renew(tuple(self._taken))
            said = [flight for flight in self._flights.values() if flight.member not in self._taken]
        else:
            said = self._of(_State.UNSAID)
        while said:
            wants = [Want(flight.member, flight.lane, flight.seen, flight.caller) for flight in said]
            replies = await self._queue.want(wants)
            for flight in said:
                self._note(flight, replies[flight.member])
            said = [flight for flight in self._of(_State.UNSAID) if flight in said]

    def _note(self, flight: SharedFlight, reply: Answer | bool) -> None:
        """An answer that was there already must be fresh; one that came meanwhile is what was waited for."""
        if flight.result.done() or flight.member in self._taken:
            return
        if isinstance(reply, bool):
            flight.state = _State.IN_FLIGHT if reply else _State.WAITING
        else:
            flight.seen = reply.at
            known = self._answers.read(flight.member, reply)
            result = self._answers.result(flight.key, known) if known is not None else None
            if result is not None and (flight.any_answer or self._answers.is_fresh(flight.key)):
                self._resolve(flight, result)
                return
            flight.state = _State.UNSAID
        flight.any_answer = True

    async def _take(self) -> float:
        """Take what waits, a batch for each permit there is; returns how long to wait for the next."""
        while self._of(_State.WAITING):
            if self._of(_State.UNSAID):
                return 0.0
            pause = max(self._linger_left(), self._take_at - asyncio.get_running_loop().time())
            if pause > 0:
                return min(pause, RENEWAL_SECONDS)
            waiting = self._queue.sizes.waiting
            by_bulk = self._bulk is not None and self._bulk.pays_off(waiting)
            self._waiter = self._waiter or self._queue.limiter.new_waiter()
            taken = await self._queue.take(self._waiter, min(waiting, _MOST_BY_BULK) if by_bulk else self._size)
            if taken.permit is not None:
                self._waiter = None
                self._begin(taken.members, taken.permit, by_bulk=by_bulk)
            elif taken.wait is not None:
                self._take_at = asyncio.get_running_loop().time() + taken.wait
            else:
                self._waiter = None
                for flight in self._of(_State.WAITING):
                    flight.state = _State.IN_FLIGHT
        return RENEWAL_SECONDS

    def _linger_left(self) -> float:
        """A batch that is not full waits for more while other calls are under way, but not for long."""
        sizes, waiting = self._queue.sizes, self._of(_State.WAITING)
        if sizes.waiting >= self._size or not sizes.in_flight:
            return 0.0
        linger = min(MAX_LINGER_SECONDS, self._action.metrics.median_latency or MAX_LINGER_SECONDS)
        return min(flight.queued_at for flight in waiting) + linger - asyncio.get_running_loop().time()

    def _begin(self, members: tuple[str, ...], permit: Permit, *, by_bulk: bool) -> None:
        """Make the call that answers these, some of which may be wanted by other instances only."""
        self._batches += 1
        number = self._batches
        own = [flight for flight in self._flights.values() if flight.member in members]
        for flight in own:
            flight.batch = number
        self._taken.update(members)
        self._action.metrics.count_batch(len(members))
        work = self._by_bulk(members, permit) if by_bulk else self._one_call(members, permit)
        task = asyncio.create_task(work)
        self._calls.add(task)
        task.add_done_callback(lambda ended: self._ended(ended, members, number, permit))

    def _ended(self, task: asyncio.Task[None], members: Iterable[str], number: int, permit: Permit) -> None:
        """Make sure that nobody waits for this call any more."""
        if not task.cancelled() and (fault := task.exception()) is not None:
            log_event("batch lost", level=logging.ERROR, exception=fault, action=self._action.operation.action)
        permit.unused()  # no effect when the call was made
        self._calls.discard(task)
        self._taken.difference_update(members)
        for flight in tuple(self._flights.values()):
            if flight.batch == number and not flight.result.done():
                flight.result.cancel()
                self._forget(flight)
        self._changed.set()

    async def _one_call(self, members: Collection[str], permit: Permit) -> None:
        asked = self._loader.now()
        task_ids = tuple(dict.fromkeys(task_id for member in members if (task_id := task_id_of(member))))
        stored, rows = await asyncio.gather(
            self._history(members, task_ids), self._loader.lookup_rows(task_ids, self._deadline(), permit)
        )
        await self._tell(members, rows, asked, stored)

    async def _by_bulk(self, members: Collection[str], permit: Permit) -> None:
        """By the list; ids that are not in it are asked for one call at a time."""
        assert self._bulk is not None  # noqa: S101 -- only chosen where there is one
        asked = self._loader.now()
        by_id: dict[str, list[str]] = {}
        for member in members:
            if task_id := task_id_of(member):
                by_id.setdefault(task_id, []).append(member)
        found: dict[str, Rows | UpstreamFault] = {}
        async for task_id, rows in self._bulk.run(tuple(by_id), self._deadline(), permit):
            found[task_id] = rows
            if len(found) >= _MOST_STORED_TOGETHER:
                await self._tell_found(by_id, found, asked)
        await self._tell_found(by_id, found, asked)
        rest = [member for remaining in by_id.values() for member in remaining]
        for start in range(0, len(rest), self._size):
            further = await self._action.limiter.acquire()
            await self._one_call(rest[start : start + self._size], further)

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
        self,
        members: Collection[str],
        rows: Mapping[str, Rows | UpstreamFault],
        asked: Moment,
        stored: Mapping[str, Answer],
    ) -> None:
        """Store what the vendor answered, and hand it to those who wait here."""
        own = {flight.member: flight for flight in self._flights.values()}
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
                self._resolve(own[member], self._answers.result(own[member].key, outcome))
        told = {member: shared for member, fault in faults.items() if (shared := shared_fault(fault))}
        message = encode_message(Message(self._queue.server.instance, list(members), told))
        with suppress(ServerAway):
            await self._queue.store(tuple(members), self._answers.to_store(learned), message)

    def _go_on_alone(self) -> None:
        """Let this instance's own batcher answer what is not under way."""
        for flight in tuple(self._flights.values()):
            if flight.member in self._taken or flight.by_itself is not None or flight.result.done():
                continue
            (own,) = self._alone.join({flight.key: flight.lane}, flight.deadline, flight.caller)
            flight.by_itself = own
            del self._flights[flight.key]
            own.result.add_done_callback(partial(_hand_over, flight))

    def _resolve(self, flight: SharedFlight, result: LookupResult) -> None:
        if not flight.result.done():
            flight.result.set_result(result)
        self._forget(flight)

    def _forget(self, flight: SharedFlight) -> None:
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]

    def _of(self, state: _State) -> list[SharedFlight]:
        return [
            flight
            for flight in self._flights.values()
            if flight.state is state and flight.member not in self._taken and not flight.result.done()
        ]

    def _deadline(self) -> float:
        now = asyncio.get_running_loop().time()
        return max((flight.deadline for flight in self._flights.values()), default=now + _CALL_SECONDS)


def _hand_over(flight: SharedFlight, result: asyncio.Future[LookupResult]) -> None:
    if flight.result.done():
        return
    if result.cancelled():
        flight.result.cancel()
    else:
        flight.batch = flight.by_itself.batch if flight.by_itself else None
        flight.result.set_result(result.result())
