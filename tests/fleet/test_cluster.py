"""A cluster of several nodes without a proxy: the instances cannot share it, and nothing fails."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from redis import Redis

from emulator.demo.redis_server import RedisServer, running_redis
from emulator.testing import Emulator
from tests.support.fleet import cluster_options, fleet_of, until
from tests.support.free_port import free_port
from tests.support.real_service import query_of

NODES, SLOTS = 3, 16_384


async def _cluster(stack: ExitStack) -> list[RedisServer]:
    """Nodes that have a part of the slots each, and know each other."""
    buses = [free_port() for _ in range(NODES)]
    nodes = [stack.enter_context(running_redis(*cluster_options(bus))) for bus in buses]
    clients = [stack.enter_context(Redis(port=node.port)) for node in nodes]
    for number, client in enumerate(clients):
        first, after = SLOTS * number // NODES, SLOTS * (number + 1) // NODES
        client.execute_command("CLUSTER ADDSLOTSRANGE", first, after - 1)
        client.execute_command("CLUSTER MEET", "127.0.0.1", nodes[0].port, buses[0])
    await until(lambda: all(client.execute_command("CLUSTER INFO")["cluster_state"] == "ok" for client in clients))
    return nodes


def test_at_a_bare_node_of_a_cluster_every_product_is_answered_all_the_same(emu: Emulator) -> None:
    ids = [f"{product}:{emu.tasks.add(product, ['http://example.com/x'])}" for product in ("cdn", "dcdn", "vod")]

    async def main() -> list[list[str]]:
        with ExitStack() as stack:
            nodes = await _cluster(stack)
            async with fleet_of(2, emu, nodes[0].url) as services:
                answers = await asyncio.gather(*(service.lookup(query_of(",".join(ids))) for service in services))
        return [[task.id for task in answer.report.tasks] for answer in answers]

    assert asyncio.run(main()) == [ids, ids]
