"""The server that instances share, and what is done while it is away: this instance then goes on alone.

No request fails because of it. An operation has 200 ms; one that fails opens a circuit breaker, and until a probe
succeeds nothing else is tried. Probes are made by requests, because nothing may run that no request awaits
(docs/architecture.md 7): several in the first second, in which lookups wait for the server, then at most two a second.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import msgspec
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError

from functions.errors import TaskStatusError
from functions.logs import log_event
from functions.upstream.shared.in_time import in_time
from functions.upstream.shared.scripts import Script, script

OPERATION_SECONDS = 0.2
PROBE_SECONDS = 0.5
PROBE_VALID_SECONDS = 1.0
"""An instance may make calls alone only so long after a probe that failed: then it knows of a server that came back."""
PATIENCE_SECONDS = 1.0
"""How long lookups wait for a server that was lost, before they go on alone."""
_BETWEEN_PROBES_SECONDS = 0.1
IDLE_SECONDS = 2.0
"""A connection that breaks after a longer pause was closed because it was idle."""
MAX_CONNECTIONS = 4
T = TypeVar("T")
_PROBE = script("probe", "limiter")


class ServerAway(TaskStatusError):  # noqa: N818 -- a state, not a fault of this program
    """Raised when the shared server did not do what was asked; the instance is alone from then on."""


class Absence(msgspec.Struct, frozen=True):
    """A time without the server, on the loop's clock; `ended` is None while it lasts.

    `lost`: connections in use broke, so that the server may have lost what it knew.
    """

    number: int
    since: float
    lost: bool
    ended: float | None = None


class SharedServer:
    """One instance's view of the server."""

    def __init__(self, url: str, namespace: str) -> None:
        """`url` as in TASK_STATUS_SHARED; `namespace` begins every key. Nothing is connected yet."""
        self._url = url
        self.namespace = namespace
        self.instance = os.urandom(6).hex()
        self._client: Redis | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.last_absence: Absence | None = None
        self._offset = 0.0
        self._answered_at = float("-inf")
        self._probe_started = float("-inf")
        self._probing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def is_away(self) -> bool:
        """Whether the server did not do what it was asked last."""
        return self.last_absence is not None and self.last_absence.ended is None

    @property
    def is_given_up(self) -> bool:
        """Whether it has been away for so long that this instance goes on alone."""
        return self.is_away and self._away_for() >= PATIENCE_SECONDS

    @property
    def time(self) -> float:
        """The server's clock, as far as its last answer tells."""
        return asyncio.get_running_loop().time() + self._offset

    def key(self, group: str, *names: str) -> str:
        """A key; all of one group lie on one node of a cluster, so that a script can use them together."""
        return ":".join((f"{{{self.namespace}:{group}}}", *names))

    async def run(self, asked: Script, keys: Sequence[str], arguments: Sequence[str | bytes | float]) -> list[Any]:
        """The script's answer without the server's time, which every script answers first. Raises ServerAway."""
        if self.is_away:
            raise ServerAway("the shared server is away")
        return await self._run(asked, keys, arguments)

    async def read(self, keys: Sequence[str]) -> list[bytes | None]:
        """Values of keys of one group. Raises ServerAway."""
        if self.is_away:
            raise ServerAway("the shared server is away")

        async def values(client: Redis) -> list[bytes | None]:
            return [value if isinstance(value, bytes) else None for value in await client.mget(keys)]

        return await self._try(values)

    async def back(self) -> bool:
        """Whether the server is there, as known no longer ago than PROBE_VALID_SECONDS; probes where it is due."""
        if not self.is_away:
            return True
        age = asyncio.get_running_loop().time() - self._probe_started
        probing = self._start_probe() if age >= PROBE_SECONDS else None
        if probing is not None and age >= PROBE_VALID_SECONDS:
            await asyncio.shield(probing)
        return not self.is_away

    async def returns(self) -> bool:
        """Whether the server is there again before it is given up: alone nothing could be sent earlier anyway."""
        while self.is_away and not self.is_given_up:
            await asyncio.shield(self._start_probe())
            if self.is_away:
                await asyncio.sleep(_BETWEEN_PROBES_SECONDS)
        return not self.is_away

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Do something short whose end nobody waits for; `close` does, and nothing begins after it."""
        if self._closed:
            work.close()
            return
        task = asyncio.create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def listener(self) -> PubSub:
        """A connection of its own that messages come by."""
        return self._connected().pubsub(ignore_subscribe_messages=True)

    async def close(self) -> None:
        """Tell the server what is still to be told, and close every connection."""
        while self._tasks:
            await asyncio.gather(*self._tasks)
        self._closed = True
        if self._probing is not None:
            await self._probing
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _run(self, asked: Script, keys: Sequence[str], arguments: Sequence[str | bytes | float]) -> list[Any]:
        async def evaluate(client: Redis) -> list[Any]:
            try:
                answer = await client.evalsha(asked.sha, len(keys), *keys, *arguments)
            except NoScriptError:
                answer = await client.eval(asked.text, len(keys), *keys, *arguments)
            return list(answer)

        answer = await self._try(evaluate)
        self._offset = float(answer[0]) - asyncio.get_running_loop().time()
        return answer[1:]

    async def _try(self, operation: Callable[[Redis], Awaitable[T]]) -> T:
        """Do it within OPERATION_SECONDS. Raises ServerAway."""
        try:
            result = await in_time(self._twice_if_idle(operation), OPERATION_SECONDS)
        except (RedisError, OSError) as fault:
            raise self._went_away(fault) from None
        self._answered_at = asyncio.get_running_loop().time()
        return result

    async def _twice_if_idle(self, operation: Callable[[Redis], Awaitable[T]]) -> T:
        """Servers and gateways close connections that were idle: that is no sign of anything."""
        try:
            return await operation(self._connected())
        except RedisConnectionError:
            if asyncio.get_running_loop().time() - self._answered_at < IDLE_SECONDS:
                raise
            await self.drop_idle()
            return await operation(self._connected())

    async def drop_idle(self) -> None:
        """Close the connections that are not in use."""
        if self._client is not None:
            await self._client.connection_pool.disconnect(inuse_connections=False)

    def _connected(self) -> Redis:
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            pool = BlockingConnectionPool.from_url(
                self._url,
                max_connections=MAX_CONNECTIONS,
                timeout=None,
                retry=Retry(NoBackoff(), 0),
                protocol=2,
            )
            self._client = Redis.from_pool(pool)
        return self._client

    def _away_for(self) -> float:
        since = self.last_absence.since if self.last_absence else 0.0
        return asyncio.get_running_loop().time() - since

    def _start_probe(self) -> asyncio.Task[None]:
        if self._probing is None:
            self._probing = asyncio.create_task(self._probe())
        return self._probing

    async def _probe(self) -> None:
        self._probe_started = asyncio.get_running_loop().time()
        try:
            await self._run(_PROBE, [self.key("probe")], [])
        except ServerAway:
            return
        else:
            absence = self.last_absence
            if absence is not None and absence.ended is None:
                self.last_absence = msgspec.structs.replace(absence, ended=asyncio.get_running_loop().time())
                log_event("shared server is back", seconds=round(self._probe_started - absence.since, 1))
        finally:
            self._probing = None

    def _went_away(self, fault: BaseException) -> ServerAway:
        """Go on alone; only the type is told, because the text may hold the URL."""
        lost = isinstance(fault, RedisConnectionError)
        now = asyncio.get_running_loop().time()
        before = self.last_absence
        if before is None or before.ended is not None:
            self.last_absence = Absence(before.number + 1 if before else 1, now, lost)
            # A pause of this process looks like one of the server: that is found out at once.
            self._probe_started = now if lost else now - PROBE_SECONDS
            log_event("shared server is away", level=logging.WARNING, exception=fault)
        elif lost and not before.lost:
            self.last_absence = msgspec.structs.replace(before, lost=True)
        self.spawn(self.drop_idle())
        return ServerAway("the shared server is away")


async def _quietly(work: Coroutine[Any, Any, object]) -> None:
    try:
        await work
    except (ServerAway, RedisError, OSError):
        return  # who waits for it has noticed, or its lease runs out
