"""The store's port over a dictionary, in virtual time: every operation has a way there and a way back."""

from __future__ import annotations

import asyncio
import hashlib
import random
from bisect import bisect_left, bisect_right, insort
from itertools import islice, takewhile

from functions.errors import StoreFault
from functions.store.protocol import StoredKey


class Shelf:
    """What the store holds, and everything that was ever written to it."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.written: list[tuple[str, bytes]] = []
        self._order: list[str] = []

    def keys(self, prefix: str = "", after: str = "", limit: int | None = None) -> list[str]:
        """In order, as the port's `scan` has it."""
        begin = max(bisect_left(self._order, prefix), bisect_right(self._order, after))
        inside = takewhile(lambda key: key.startswith(prefix), islice(self._order, begin, None))
        return list(islice(inside, limit))

    def write(self, key: str, body: bytes) -> None:
        if key not in self.objects:
            insort(self._order, key)
        self.objects[key] = body
        self.written.append((key, body))

    def remove(self, key: str) -> None:
        if self.objects.pop(key, None) is not None:
            self._order.remove(key)


class MemoryStore:
    """One instance's way to the shelf; it takes up to `slowest` seconds each way, and fails while `broken`."""

    def __init__(self, shelf: Shelf, slowest: float = 0.01, seed: int = 0) -> None:
        self.shelf = shelf
        self.slowest = slowest
        self.broken = False
        self.ready = True
        self.writes_left: int | None = None
        self.calls: list[str] = []
        self._random = random.Random(seed)

    async def create(self, key: str, body: bytes) -> bool:
        await self._travel("create")
        created = key not in self.shelf.objects
        if created:
            self.shelf.write(key, body)
        await self._travel()
        return created

    async def put(self, key: str, body: bytes) -> str:
        await self._travel("put")
        if self.writes_left is not None:
            self.writes_left -= 1
            if self.writes_left < 0:
                raise StoreFault("the store takes no more")
        self.shelf.write(key, body)
        await self._travel()
        return _etag(body)

    async def get(self, key: str) -> bytes | None:
        await self._travel("get")
        body = self.shelf.objects.get(key)
        await self._travel()
        return body

    async def scan(self, prefix: str, *, after: str = "", limit: int | None = None) -> tuple[StoredKey, ...]:
        await self._travel("scan")
        keys = self.shelf.keys(prefix, after, limit)
        found = tuple(StoredKey(key, _etag(self.shelf.objects[key])) for key in keys)
        await self._travel()
        return found

    async def folders(self, prefix: str) -> tuple[str, ...]:
        await self._travel("folders")
        rests = (key[len(prefix) :].partition("/") for key in self.shelf.keys(prefix))
        found = dict.fromkeys(f"{prefix}{name}/" for name, slash, _ in rests if slash)
        await self._travel()
        return tuple(found)

    async def delete(self, key: str) -> None:
        await self._travel("delete")
        self.shelf.remove(key)
        await self._travel()

    async def _travel(self, call: str | None = None) -> None:
        if call:
            self.calls.append(call)
        await asyncio.sleep(self._random.uniform(0, self.slowest))
        if self.broken:
            raise StoreFault("the store is broken")


def _etag(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
