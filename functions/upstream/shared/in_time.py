"""A timeout that a pause of this process does not bring about: asyncio's own looks at the clock before the sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_PASSES = 20
"""Passes of the event loop after the time is over: where this process had paused, the answer is there by now."""


async def in_time(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """What `work` returns. Raises TimeoutError when it takes longer, not counting pauses of this process."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        for _ in range(_PASSES):
            if task.done():
                break
            await asyncio.sleep(0)
        if not task.done():
            raise TimeoutError
        return task.result()
    finally:
        task.cancel()
        task.add_done_callback(_read_outcome)


def _read_outcome(task: asyncio.Task[Any]) -> None:
    """Or asyncio reports a fault that came after nobody waited any more."""
    if not task.cancelled():
        task.exception()
