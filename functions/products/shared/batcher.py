"""Batches ids wanted by the requests of all instances into as few calls as they fit in.

It stands in the place of `Batcher` and hands on to it what it cannot do while the shared server is away. One driver
per instance says what is wanted here, takes what comes first anywhere whenever there is a permit, and hears from the
others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

from functions.logs import log_event
from functions.products.lookup.loader import LookupResult, TaskLoader
from functions.products.lookup.principal import WantedId
from functions.products.shared.answers import SharedAnswers, task_id_of
from functions.products.shared.calls import SharedCalls
from functions.products.shared.flights import SharedFlight, SharedFlights, State
from functions.products.shared.messages import read_message
from functions.upstream.batcher import MAX_LINGER_SECONDS, InFlight
from functions.upstream.fair_queue import Lane
from functions.upstream.shared.queue import MOST_AT_ONCE, RENEWAL_SECONDS, Answer, SharedQueue, Taken, Want
from functions.upstream.shared.server import ServerAway

_MOST_BY_BULK = 1_000

Joined = InFlight[WantedId, LookupResult]


class SharedBatcher:
    """Has the methods of `Batcher` that a loader uses."""

    def __init__(
        self, loader: TaskLoader, queue: SharedQueue, answers: SharedAnswers, listen: Callable[[], None]
    ) -> None:
        """In the place of the loader's batcher; `listen` is called whenever messages are needed."""
        self._loader, self._alone = loader, loader.batcher
        self._action, self._size, self._bulk = loader.action, loader.batch_size, loader.bulk
        self._queue = queue
        self._answers = answers
        self._listen = listen
        self._changed = asyncio.Event()
        self._flights = SharedFlights()
        self.calls = SharedCalls(loader, queue, answers, self._flights, self._changed.set)
        self._waiter: str | None = None
        self._driver: asyncio.Task[None] | None = None
        self._said_at = self._take_at = 0.0

    def join(
        self,
        keys: Mapping[WantedId, Lane],
        deadline: float,
        caller: str,
        is_fresh: Callable[[WantedId], bool] = lambda _: False,
    ) -> list[Joined]:
        """As `Batcher.join`."""
        if self._queue.server.is_given_up:
            return self._alone.join(keys, deadline, caller, is_fresh)
        joined: list[Joined] = []
        for key, lane in keys.items():
            flight = self._flights.get(key)
            if flight is None:
                flight = SharedFlight(key, caller, deadline, lane, asyncio.get_running_loop().time())
                self._flights.add(flight)
            else:
                self._flights.wanted_too(flight, lane, caller)
                self._action.metrics.shared += 1
                flight.deadline = max(flight.deadline, deadline)
            flight.waiters += 1
            flight.fresh_for.append(is_fresh)
            joined.append(flight)
        if joined:
            self._start()
        return joined

    def leave(self, joined: Collection[Joined]) -> None:
        """As `Batcher.leave`; a call that is under way goes on, because others may wait for it."""
        for flight in joined:
            if not isinstance(flight, SharedFlight):
                self._alone.leave([flight])
                continue
            flight.waiters -= 1
            if flight.waiters == 0:
                self._flights.forget(flight)
                if flight.alone is not None:
                    self._alone.leave([flight.alone])
        self._changed.set()

    def calls_for(self, further: int, *, lane: Lane, caller: str) -> int:
        """As `Batcher.calls_for`, as far as the server's last answer tells."""
        if self._queue.server.is_given_up:
            return self._alone.calls_for(further, lane=lane, caller=caller)
        own = sum(flight.lane is lane and flight.caller == caller for flight in self._flights.of(State.WAITING))
        calls = -(-self._queue.sizes.ahead_of(own + further, lane) // self._size)
        return min(calls, self._bulk.calls_for(self._queue.sizes.waiting + further)) if self._bulk else calls

    def hear(self, message: bytes) -> list[str]:
        """Another instance stored answers; returns the TaskIds of those that everybody may see who asks for them."""
        told = read_message(message)
        if told is None or told.sender == self._queue.server.instance:
            return []
        flights = self._flights.by_member()
        for member in told.members:
            flight, fault = flights.get(member), told.faults.get(member)
            if flight is None or flight.state is State.TAKEN:
                continue
            if fault is not None:
                self._flights.resolve(flight, self._answers.result(flight.key, fault.fault(self._loader.product)))
            else:
                flight.state = State.UNSAID
                self._changed.set()
        return [member for member in told.members if member == task_id_of(member) and member not in told.faults]

    async def close(self) -> None:
        """Give up what is under way and the place in line."""
        await self.calls.close()
        if self._driver is not None:
            self._driver.cancel()
            await asyncio.wait({self._driver})

    def _start(self) -> None:
        self._listen()
        self._changed.set()
        if self._driver is None:
            self._driver = asyncio.create_task(self._drive())

    async def _drive(self) -> None:
        """As long as anything is waited for here, or under way."""
        try:
            while self._flights or self.calls.members:
                try:
                    await self._round()
                except ServerAway:
                    if not await self._queue.server.returns():
                        self._go_on_alone()
                        return
                    self._said_at = 0.0
        except Exception as fault:  # noqa: BLE001 -- whatever went wrong, nobody may wait in vain
            log_event("batches lost", level=logging.ERROR, exception=fault, action=self._action.operation.action)
            self._go_on_alone()
        finally:
            self._driver = None
            if self._waiter is not None:
                self._queue.limiter.give_up(self._waiter)
                self._waiter = None

    async def _round(self) -> None:
        self._changed.clear()
        await self._say()
        pause = await self._take()
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._changed.wait()

    async def _say(self) -> None:
        """Tell the server what is new, and now and then all that is wanted still: leases run out."""
        now = asyncio.get_running_loop().time()
        said = self._flights.of(State.UNSAID)
        if now - self._said_at >= RENEWAL_SECONDS:
            self._said_at = now
            said = [flight for flight in self._flights if flight.state is not State.TAKEN]
            if members := self.calls.members:
                await self._queue.renew(members)
        while said:
            wants = [Want(flight.member, flight.lane, flight.seen, flight.caller) for flight in said]
            taken = None
            if self._may_take_at_once(wants):
                replies, taken = await self._queue.want_and_take(wants, self._turn(), self._size)
            else:
                replies = await self._queue.want(wants)
            for flight in said:
                self._note(flight, replies[flight.member])
            if taken is not None:
                self._note_taken(taken, by_bulk=False)
            # An answer that was too old was seen now: the next reply tells whether the id waits or is under way.
            said = [flight for flight in said if flight.state is State.UNSAID and not flight.result.done()]

    def _note(self, flight: SharedFlight, reply: Answer | bool) -> None:
        """An answer that was there already must be fresh; one that came meanwhile is what was waited for."""
        if flight.result.done():
            return
        if isinstance(reply, bool):
            flight.state = State.IN_FLIGHT if reply else State.WAITING
        else:
            flight.seen, flight.state = reply.at, State.UNSAID
            known = self._answers.read(flight.member, reply)
            if known is not None:
                result = self._answers.result(flight.key, known)
                if flight.any_answer or all(is_fresh(flight.key) for is_fresh in flight.fresh_for):
                    self._flights.resolve(flight, result)
        flight.any_answer = True

    async def _take(self) -> float:
        """Take what waits, a batch for each permit there is; returns how long to wait for the next."""
        while self._flights.of(State.WAITING):
            if self._flights.of(State.UNSAID):
                return 0.0
            pause = max(self._linger_left(), self._take_at - asyncio.get_running_loop().time())
            if pause > 0:
                return min(pause, RENEWAL_SECONDS)
            await self._take_a_batch()
        return RENEWAL_SECONDS

    async def _take_a_batch(self) -> None:
        waiting = self._queue.sizes.waiting
        by_bulk = self._bulk is not None and self._bulk.pays_off(waiting)
        taken = await self._queue.take(self._turn(), min(waiting, _MOST_BY_BULK) if by_bulk else self._size)
        self._note_taken(taken, by_bulk=by_bulk)
        if taken.permit is None and taken.wait is None:  # others took it all
            for flight in self._flights.of(State.WAITING):
                flight.state = State.IN_FLIGHT

    def _may_take_at_once(self, wants: Sequence[Want]) -> bool:
        """Saves a round trip; not while a batch waits for its permit, nor where the list may be cheaper."""
        now = asyncio.get_running_loop().time()
        return self._bulk is None and self._waiter is None and now >= self._take_at and len(wants) <= MOST_AT_ONCE

    def _turn(self) -> str:
        """The name under which this instance stands in line for its next batch."""
        if self._waiter is None:
            self._waiter = self._queue.limiter.new_waiter()
        return self._waiter

    def _note_taken(self, taken: Taken, *, by_bulk: bool) -> None:
        if taken.permit is not None:
            self._waiter = None
            self.calls.begin(taken.members, taken.permit, by_bulk=by_bulk)
        elif taken.wait is not None:
            self._take_at = asyncio.get_running_loop().time() + taken.wait
        else:
            self._waiter = None

    def _linger_left(self) -> float:
        """A batch that is not full waits for more while other calls are under way, but not for long."""
        sizes = self._queue.sizes
        if sizes.waiting >= self._size or not sizes.in_flight:
            return 0.0
        linger = min(MAX_LINGER_SECONDS, self._action.metrics.median_latency or MAX_LINGER_SECONDS)
        oldest = min(flight.queued_at for flight in self._flights.of(State.WAITING))
        return oldest + linger - asyncio.get_running_loop().time()

    def _go_on_alone(self) -> None:
        """Let this instance's own batcher answer what is not under way here."""
        for flight in self._flights:
            if flight.state is not State.TAKEN:
                self._flights.forget(flight)
                (alone,) = self._alone.join({flight.key: flight.lane}, flight.deadline, flight.caller)
                flight.follow(alone)
