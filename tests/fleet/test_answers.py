"""Instances that share a server answer as one: over the real service, SDKs, sockets and a real redis-server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

import msgspec
import pytest
from redis import Redis

from emulator.demo.redis_server import RedisServer
from emulator.testing import Emulator, Refuse, Transition
from functions.products.shared.answers import task_id_of
from functions.tasks.query import Scope
from functions.tasks.report import TaskReport
from functions.tasks.service import TaskService
from tests.support.fleet import asked_by, fleet_of
from tests.support.real_service import query_of

Spoil = Callable[[bytes], bytes]
BY_ID = "DescribeRefreshTaskById"
MOVING = Transition(by="seconds", length=3_600)
OF_A = Scope(domains=frozenset({"a.example.com"}), caller="a")

pytestmark = pytest.mark.usefixtures("patient")


def moving_task(emu: Emulator, host: str = "a.example.com") -> str:
    return emu.tasks.add("cdn", [f"http://{host}/x"], age=120, transition=MOVING)


async def stored_answer(client: Redis) -> bytes:
    """The key of the one answer there is: it is stored while those who wait are told."""
    for _ in range(10_000):
        if keys := client.keys("*:answer:*"):
            return cast("bytes", keys[0])
        await asyncio.sleep(0.01)
    raise AssertionError("nothing is stored")


async def each_asked(services: Sequence[TaskService], text: str, scope: Scope | None = None) -> list[TaskReport]:
    """One after the other, each once nothing is under way any more."""
    query = query_of(text) if scope is None else asked_by(scope, text)
    reports = []
    for service in services:
        reports.append((await service.lookup(query)).report)
        assert service._fleet
        for batcher in service._fleet._batchers:
            await asyncio.gather(*(task for task, _ in batcher.calls._running.values()))
    return reports


def test_what_one_instance_learned_serves_all_and_their_versions_are_equal(emu: Emulator, redis: RedisServer) -> None:
    ids = f"cdn:{moving_task(emu)},cdn:999"

    async def main() -> set[str]:
        async with fleet_of(4, emu, redis.url, fresh_seconds=60) as services:
            return {report.version for report in await each_asked(services, ids)}

    assert len(asyncio.run(main())) == 1
    assert emu.calls.count(BY_ID) == 1


def test_ids_wanted_by_different_instances_at_once_ride_in_one_call(emu: Emulator, redis: RedisServer) -> None:
    ids = [moving_task(emu) for _ in range(8)]

    async def main() -> int:
        async with fleet_of(4, emu, redis.url) as services:
            answers = await asyncio.gather(
                *(services[number % 4].lookup(query_of(f"cdn:{task_id}")) for number, task_id in enumerate(ids))
            )
        return sum(len(answer.report.tasks) for answer in answers)

    assert asyncio.run(main()) == len(ids)
    assert emu.calls.count(BY_ID) < len(ids) / 2


def test_an_id_under_way_anywhere_is_awaited_and_not_asked_for_again(emu: Emulator, redis: RedisServer) -> None:
    task_id = moving_task(emu)
    emu.latency.set(BY_ID, 0.4)

    async def main() -> list[int]:
        async with fleet_of(3, emu, redis.url, fresh_seconds=60) as services:
            answers = await asyncio.gather(*(service.lookup(query_of(f"cdn:{task_id}")) for service in services))
        return [len(answer.report.tasks) for answer in answers]

    assert asyncio.run(main()) == [1, 1, 1]
    assert emu.calls.count(BY_ID) == 1


def test_a_task_that_is_hidden_looks_like_an_unknown_one_on_every_instance(emu: Emulator, redis: RedisServer) -> None:
    hidden = moving_task(emu, "b.example.com")

    async def main() -> list[tuple[int, list[TaskReport]]]:
        async with fleet_of(2, emu, redis.url, fresh_seconds=60) as services:
            await each_asked(services, f"cdn:{hidden}")
            told = []
            for task_id in (hidden, "404"):
                emu.calls.clear()
                reports = await each_asked(services, f"cdn:{task_id}", OF_A)
                told.append((emu.calls.count(BY_ID), reports))
            return told

    (hidden_calls, hidden_reports), (unknown_calls, unknown_reports) = asyncio.run(main())
    assert hidden_calls == unknown_calls == 1
    for one, other in zip(hidden_reports, unknown_reports, strict=True):
        shown = msgspec.json.encode(one).replace(hidden.encode(), b"404")
        plain = msgspec.json.encode(msgspec.structs.replace(other, version=one.version))
        assert shown == plain


def test_who_may_see_a_task_shares_what_others_of_the_same_rights_learned(emu: Emulator, redis: RedisServer) -> None:
    task_id = moving_task(emu)

    async def main() -> list[TaskReport]:
        async with fleet_of(2, emu, redis.url, fresh_seconds=60) as services:
            return await each_asked(services, f"cdn:{task_id}", OF_A)

    assert [len(report.tasks) for report in asyncio.run(main())] == [1, 1]
    assert emu.calls.count(BY_ID) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: value[:5],
        lambda value: b"\x02" + value[1:],
        lambda value: value[:9] + b"\x93nonsense",
        lambda value: value[:1] + b"\x7f\xef" + value[3:],
        lambda value: value.replace(b"a.example.com", b"b.example.com").replace(b"cdn", b"vod"),
        lambda value: b"",
    ],
    ids=["cut", "another version", "nonsense", "from the future", "of another product", "empty"],
)
def test_a_stored_answer_that_is_none_is_asked_for_again(emu: Emulator, redis: RedisServer, spoil: Spoil) -> None:
    task_id = moving_task(emu)

    async def main() -> list[TaskReport]:
        async with fleet_of(2, emu, redis.url, fresh_seconds=60) as (one, other):
            reports = await each_asked([one], f"cdn:{task_id}")
            with Redis(port=redis.port) as client:
                key = await stored_answer(client)
                client.set(key, spoil(client.get(key)))
            return reports + await each_asked([other], f"cdn:{task_id}")

    one, other = asyncio.run(main())
    assert one.version == other.version
    assert emu.calls.count(BY_ID) == 2


def test_what_somebody_else_keeps_under_our_keys_does_no_harm(emu: Emulator, redis: RedisServer) -> None:
    task_id = moving_task(emu)

    async def main() -> list[TaskReport]:
        async with fleet_of(1, emu, redis.url, fresh_seconds=0) as services:
            await each_asked(services, f"cdn:{task_id}")
            with Redis(port=redis.port) as client:
                key = await stored_answer(client)
                client.delete(key)
                client.lpush(key, "x")
                client.zadd("{cdn-task-status::cdn}:queue:wanted-new", {b"\xff|||": 1})
            return await each_asked(services, f"cdn:{task_id}")

    (report,) = asyncio.run(main())
    assert len(report.tasks) == 1


def test_a_fault_is_told_to_all_who_wait_and_kept_for_nobody(emu: Emulator, redis: RedisServer) -> None:
    task_id = moving_task(emu)

    async def main() -> list[TaskReport]:
        async with fleet_of(2, emu, redis.url, fresh_seconds=0) as services:
            before = await each_asked(services, f"cdn:{task_id}")
            emu.faults.add(BY_ID, Refuse(code="Forbidden.RAM", status=403), times=1)
            refused = await each_asked(services[:1], f"cdn:{task_id}")
            return [*before, *refused, *await each_asked(services[1:], f"cdn:{task_id}")]

    *before, refused, after = asyncio.run(main())
    assert [problem.reason for problem in refused.problems] == ["denied"]
    assert refused.tasks[0].stale
    assert not after.problems
    assert {report.version for report in before} == {after.version}


def test_a_stream_on_another_instance_sees_a_change_at_once(emu: Emulator, redis: RedisServer) -> None:
    task_id = moving_task(emu)

    async def main() -> str:
        async with fleet_of(2, emu, redis.url, fresh_seconds=0) as (one, other):
            async with one.watch(query_of(f"cdn:{task_id}")) as viewer:
                first = await viewer.newest()
                emu.tasks.set_row("cdn", task_id, "http://a.example.com/x", status="Complete", progress=100)
                await each_asked([other], f"cdn:{task_id}")
                later = await viewer.after(first, asyncio.get_running_loop().time() + 60)
            assert later is not None
            return later.report.tasks[0].status

    assert asyncio.run(main()) == "complete"


def test_only_what_an_instance_can_have_written_is_taken_for_an_id() -> None:
    assert task_id_of("24840") == task_id_of("24840|" + "0f" * 16) == "24840"
    assert {task_id_of(member) for member in ("", "|", "1|2", "1|" + "0F" * 16, "1" * 65, "1\n")} == {None}
