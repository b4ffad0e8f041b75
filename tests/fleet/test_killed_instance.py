"""An instance that is killed takes nothing with it: others answer what it had under way once its lease ran out."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from redis import Redis

from emulator.demo.redis_server import RedisServer
from emulator.testing import Emulator
from tests.support.fleet import fleet_of, until
from tests.support.free_port import free_port
from tests.support.real_service import KEY, environment_of, query_of

ROOT = Path(__file__).parents[2]
BY_ID = "DescribeRefreshTaskById"
UNDER_WAY = "{cdn-task-status::cdn}:queue:flights"


@contextmanager
def instance_process(emu: Emulator, redis: RedisServer, port: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**KEY, **environment_of(emu, shared=redis.url, instances=2, auth="none"), "PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, "-m", "functions.server"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


async def asked(port: int, path: str) -> asyncio.StreamWriter:
    """Ask once the instance listens; nobody reads the answer."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            return writer


def test_ids_that_a_killed_instance_had_under_way_are_answered_by_another(emu: Emulator, redis: RedisServer) -> None:
    task_id = emu.tasks.add("cdn", ["http://example.com/x"])
    emu.latency.set(BY_ID, 3_600)
    port = free_port()

    async def main() -> list[str]:
        with instance_process(emu, redis, port) as process, closing(Redis(port=redis.port)) as client:
            writer = await asked(port, f"/v1/tasks?taskId=cdn:{task_id}")
            await until(lambda: client.zscore(UNDER_WAY, task_id) is not None)
            process.kill()
            writer.close()
        emu.latency.set(BY_ID, 0)
        async with fleet_of(1, emu, redis.url) as (other,):
            answer = await other.lookup(query_of(f"cdn:{task_id}"))
        return [task.id for task in answer.report.tasks]

    assert asyncio.run(main()) == [f"cdn:{task_id}"]
