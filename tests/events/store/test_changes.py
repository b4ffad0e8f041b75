"""Claims, markers and documents, over the store's port in virtual time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest

from functions.events.change import ChangeRecord
from functions.events.store.changes import ChangeStore
from functions.store.protocol import StoredKey
from tests.support.change_records import FAILED_CHANGE
from tests.support.memory_store import MemoryStore, Shelf
from tests.support.virtual_time import LoopClock, run

OPEN = msgspec.structs.replace(FAILED_CHANGE, outcome=None, closed_at=None)


class LateListing(MemoryStore):
    """Lists nothing for a while: what was claimed in between is not seen."""

    late = True

    async def scan(self, prefix: str, *, after: str = "", limit: int | None = None) -> tuple[StoredKey, ...]:
        return () if self.late else await super().scan(prefix, after=after, limit=limit)


def claimed_at(seconds: float) -> ChangeRecord:
    """The change as a delivery claims it so many seconds after the virtual clock's beginning."""
    at = LoopClock().now().utc + timedelta(seconds=seconds)
    return msgspec.structs.replace(OPEN, claimed_at=at, claimed_by=f"at-{seconds}")


def test_of_all_deliveries_of_a_change_one_claims_it() -> None:
    async def main() -> list[bool]:
        shelf = Shelf()
        stores = [ChangeStore(MemoryStore(shelf, seed=seed), LoopClock()) for seed in range(20)]
        return [claim.fresh for claim in await asyncio.gather(*(store.claim(claimed_at(0)) for store in stores))]

    assert run(main()).count(True) == 1


def test_a_delivery_that_overtakes_the_end_of_its_change_does_not_begin_it_anew() -> None:
    async def main() -> tuple[bool, list[str]]:
        shelf = Shelf()
        owner = ChangeStore(MemoryStore(shelf), LoopClock())
        await owner.claim(claimed_at(0))
        await owner.remove(OPEN)
        await asyncio.sleep(60)
        claim = await ChangeStore(LateListing(shelf), LoopClock()).claim(claimed_at(60))
        return claim.fresh, shelf.keys("pending/")

    assert run(main()) == (False, [])


def test_a_marker_that_a_sweep_has_taken_up_meanwhile_stays() -> None:
    async def main() -> tuple[bool, int]:
        shelf = Shelf()
        record = claimed_at(0)
        await asyncio.sleep(5)
        await ChangeStore(MemoryStore(shelf), LoopClock()).ensure_claim(record)
        claim = await ChangeStore(LateListing(shelf), LoopClock()).claim(record)
        return claim.fresh, len(shelf.keys("pending/"))

    assert run(main()) == (False, 1)


def test_what_has_not_moved_is_not_written_again_and_what_has_is() -> None:
    async def main() -> list[int]:
        store = MemoryStore(Shelf())
        changes = ChangeStore(store, LoopClock())
        written = []
        for record in (OPEN, OPEN, msgspec.structs.replace(OPEN, notices=1)):
            await changes.write_progress(record)
            written.append(store.calls.count("put"))
        return written

    assert run(main()) == [1, 1, 2]


def test_what_was_removed_is_written_when_it_is_open_again() -> None:
    async def main() -> list[str]:
        shelf = Shelf()
        changes = ChangeStore(MemoryStore(shelf), LoopClock())
        await changes.write_progress(OPEN)
        await changes.remove(OPEN)
        assert shelf.keys("pending/") == []
        await changes.write_progress(OPEN)
        return shelf.keys("pending/")

    assert len(run(main())) == 1


def test_a_change_that_is_closed_between_the_listing_and_the_reading_is_left_out() -> None:
    class Closing(MemoryStore):
        async def get(self, key: str) -> bytes | None:
            self.shelf.remove(key)
            return await super().get(key)

    async def main() -> tuple[ChangeRecord, ...]:
        shelf = Shelf()
        await ChangeStore(MemoryStore(shelf), LoopClock()).write_progress(OPEN)
        return await ChangeStore(Closing(shelf), LoopClock()).open_records()

    assert run(main()) == ()


def test_a_sweep_reads_no_change_twice_that_has_not_moved() -> None:
    async def main() -> int:
        shelf = Shelf()
        await ChangeStore(MemoryStore(shelf), LoopClock()).write_progress(OPEN)
        store = MemoryStore(shelf)
        changes = ChangeStore(store, LoopClock())
        assert await changes.open_records() == await changes.open_records() == (OPEN,)
        return store.calls.count("get")

    assert run(main()) == 1


@pytest.mark.parametrize("newest", [True, False])
def test_only_the_newest_change_writes_the_document(newest: bool) -> None:
    async def main() -> list[str]:
        shelf = Shelf()
        await ChangeStore(MemoryStore(shelf), LoopClock()).write(OPEN, newest=newest)
        return shelf.keys("objects/")

    assert bool(run(main())) is newest
