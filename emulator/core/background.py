"""Work beside the answering of requests: coroutines on the server's loop, begun from any thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from threading import Lock

Work = Callable[[], Coroutine[object, object, None]]


class Background:
    """Runs what is given to it, from the moment the server listens until it stops. `begin` is thread-safe."""

    def __init__(self) -> None:
        """Nothing to do, no loop yet."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._early: list[Work] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._lock = Lock()

    def start(self) -> None:
        """To be called on the loop; begins what was given before."""
        with self._lock:
            self._loop = asyncio.get_running_loop()
            early, self._early = self._early, []
        for work in early:
            self._begin(work)

    def begin(self, work: Work) -> None:
        """Start `work` on the loop, at once or once there is one."""
        with self._lock:
            loop = self._loop
            if loop is None:
                self._early.append(work)
                return
        loop.call_soon_threadsafe(self._begin, work)

    async def end(self) -> None:
        """Cancel everything and wait until it is gone. To be called on the loop."""
        with self._lock:
            self._loop = None
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, work: Work) -> None:
        task = asyncio.get_running_loop().create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
