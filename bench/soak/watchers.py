"""A thousand open streams and a thousand held polls of one 200-row task, in one process of the web function.

The bars: each change reaches all within 500 ms of the first, memory stays below 150 MB, and the vendor is called as
often as for one viewer. The viewers run in this process and read all they get, so their CPU is in the figures too.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time

from bench.account import Account
from bench.processes import Server, environment, resident_bytes, vendor, web_function

VIEWERS = 1_000
ROWS = 200
CHANGES = 5
PAUSE_SECONDS = 4.0
_FILES = 8_192
_SPREAD_BAR, _MEMORY_BAR, _CALLS_BAR = 0.5, 150e6, 1.2


async def stream(server: Server, path: str, seen: list[float]) -> None:
    """Note when each event of a stream arrives."""
    reader, writer = await asyncio.open_connection(*server.address.split(":"))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode())
    while line := await reader.readline():
        if line.startswith(b"event:"):
            seen.append(time.monotonic())


async def poll(server: Server, path: str, seen: list[float]) -> None:
    """Hold a lookup until its version changes, again and again; note when each is answered."""
    reader, writer = await asyncio.open_connection(*server.address.split(":"))
    held = ""
    while True:
        writer.write(f"GET {path}{held} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
        version = head.partition(b'etag: w/"')[2].partition(b'"')[0].decode()
        held = f"&wait=50&until=changed&after={version}"
        seen.append(time.monotonic())


async def watched(server: Server, account: Account) -> list[float]:
    """The spread of every change over all viewers, in seconds. Raises AssertionError when one misses a change."""
    rows = [f"http://example.com/{number}.html" for number in range(ROWS)]
    path = f"/v1/tasks?taskId=cdn:{account.add('cdn', rows, moving=True)}&objects={ROWS}"
    task_id = path.partition("cdn:")[2].partition("&")[0]
    seen: list[list[float]] = [[] for _ in range(2 * VIEWERS)]
    viewers = [asyncio.create_task((stream, poll)[n % 2](server, path, heard)) for n, heard in enumerate(seen)]
    await asyncio.sleep(2 * PAUSE_SECONDS)
    account.forget()
    spreads = []
    for row in rows[:CHANGES]:
        before = [len(heard) for heard in seen]
        account.complete("cdn", task_id, row)
        await asyncio.sleep(PAUSE_SECONDS)
        arrivals = [heard[count] for heard, count in zip(seen, before, strict=True) if len(heard) > count]
        assert len(arrivals) == len(seen), f"{len(seen) - len(arrivals)} viewers missed a change"  # noqa: S101
        spreads.append(max(arrivals) - min(arrivals))
    for viewer in viewers:
        viewer.cancel()
    return spreads


async def main() -> int:
    """Print the figures; 1 when a bar is missed."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    with vendor() as address:
        account = Account(address)
        async with web_function(environment(address, log_level="WARNING")) as server:
            spreads = await watched(server, account)
            calls = len(account.calls()) / (CHANGES * PAUSE_SECONDS)
            memory = resident_bytes(server.process, peak=True)
    shown = ", ".join(f"{spread:.2f}" for spread in spreads)
    sys.stdout.write(f"{VIEWERS} streams, {VIEWERS} polls: from the first to the last viewer {shown} s\n")
    sys.stdout.write(f"{calls:.2f} vendor calls a second, peak memory {memory / 1e6:.0f} MB\n")
    return 0 if max(spreads) <= _SPREAD_BAR and memory <= _MEMORY_BAR and calls <= _CALLS_BAR else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
