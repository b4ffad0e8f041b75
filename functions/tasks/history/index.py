"""Reads the indexes of the history: the ids of tasks, newest first, some keys at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence

from functions.store.protocol import ObjectStore
from functions.tasks.history.filing import folders_about
from functions.tasks.history.keys import Entry, beginning_of, day_folder, folder_of, is_day_folder, read_entry

PAGE_KEYS = 200


class EntryReader:
    """The entries of some folders, of which each is older than the one before, from one second down to another."""

    def __init__(self, store: ObjectStore, folders: Iterable[str], newest: int, oldest: int) -> None:
        """Both seconds are included. Nothing is read yet."""
        self._store = store
        self._folders = deque(folders)
        self._newest = newest
        self._oldest = oldest
        self._after: str | None = None
        self._ahead: deque[Entry] = deque()

    async def load(self) -> None:
        """Read on until all entries of the next second are at hand. Raises StoreFault."""
        while self._folders and (not self._ahead or self._ahead[0].second == self._ahead[-1].second):
            folder = self._folders[0]
            after = self._after or f"{folder}{beginning_of(self._newest)}"
            keys = await self._store.scan(folder, after=after, limit=PAGE_KEYS)
            entries = [entry for each in keys if (entry := read_entry(each.key))]
            self._ahead += (entry for entry in entries if self._oldest <= entry.second <= self._newest)
            self._after = keys[-1].key if keys else None
            if len(keys) < PAGE_KEYS or (entries and entries[-1].second < self._oldest):
                self._folders.popleft()
                self._after = None
                if self._ahead:  # the next folder holds older seconds only
                    return

    @property
    def second(self) -> int | None:
        """The newest second that has entries; None at the end."""
        return self._ahead[0].second if self._ahead else None

    def take(self, second: int) -> list[str]:
        """The ids that were created in this second; they are not shown again."""
        ids = []
        while self._ahead and self._ahead[0].second == second:
            ids.append(self._ahead.popleft().task_id)
        return ids


class MergedEntries:
    """The entries of several readers by second, each id once."""

    def __init__(self, readers: Sequence[EntryReader]) -> None:
        """Nothing is read yet."""
        self._readers = readers

    async def load(self) -> None:
        """As `EntryReader.load`."""
        await asyncio.gather(*(reader.load() for reader in self._readers))

    @property
    def second(self) -> int | None:
        """The newest second that has entries; None at the end."""
        return max((second for reader in self._readers if (second := reader.second) is not None), default=None)

    def take(self, second: int) -> tuple[str, ...]:
        """The ids that were created in this second; they are not shown again."""
        return tuple(dict.fromkeys(task_id for reader in self._readers for task_id in reader.take(second)))


async def open_entries(
    store: ObjectStore, product: str, urls: Sequence[str], newest: int, oldest: int
) -> MergedEntries:
    """What the indexes have of a product between two seconds, both included, about `urls` if any. Raises StoreFault."""
    if urls:
        folders = folders_about(product, urls)
        return MergedEntries([EntryReader(store, (folder,), newest, oldest) for folder in folders])
    first, last = day_folder(product, oldest), day_folder(product, newest)
    days = [each for each in await store.folders(folder_of(product)) if is_day_folder(each) and first <= each <= last]
    return MergedEntries([EntryReader(store, sorted(days, reverse=True), newest, oldest)])
