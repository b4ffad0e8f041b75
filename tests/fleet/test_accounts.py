"""What instances share is an account's own: answers, calls and rates."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis import Redis

from emulator.demo.redis_server import RedisServer
from emulator.testing import Emulator
from tests.support.fleet import fleet_of
from tests.support.other_accounts import two_accounts
from tests.support.real_service import query_of

pytestmark = pytest.mark.usefixtures("patient")


def test_an_answer_serves_other_instances_for_its_own_account_only(
    emu: Emulator, redis: RedisServer, tmp_path: Path
) -> None:
    accounts = two_accounts(emu, tmp_path)
    task = emu.tasks.add("cdn", ["http://a.example.com/x"], age=120, account="acme")
    names = [f"{account}cdn:{task}" for account in ("acme/", "", "globex/")]

    async def main() -> list[int]:
        async with fleet_of(2, emu, redis.url, accounts=accounts, fresh_seconds=60) as services:
            return [
                (await service.lookup(query_of(name))).report.summary.found for name in names for service in services
            ]

    assert asyncio.run(main()) == [1, 1, 0, 0, 0, 0]
    with Redis.from_url(redis.url) as client:
        keys = [key.decode() for key in client.keys("*")]
    for product in ("cdn", "acme/cdn", "globex/cdn"):
        assert any(f":{product}}}" in key for key in keys), product
