"""What this instance makes of the vendor's answers for others, and of what others learned for itself.

A task that an audience may not see must look like one that does not exist, on every instance: so what is wanted for an
audience is stored for that audience, and never answered from what others were told (docs/security.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from functions.errors import UpstreamFault
from functions.model import Moment, TaskKey, make_snapshot
from functions.products.lookup.loader import LookupResult, TaskLoader
from functions.products.lookup.principal import Principal, WantedId
from functions.products.reading.rows import Rows
from functions.products.shared.records import MAX_BYTES, Known, Records
from functions.upstream.shared.queue import Answer, Keep

KEEP_SECONDS = 900.0
"""How long what is not final is kept: for its history, when it is too old to be shown."""
_MEMBER = re.compile(r"(?P<task_id>[!-{}~]{1,64})(?:\|[0-9a-f]{32})?")


def member_of(wanted: WantedId) -> str:
    """The id as all instances call it, with the audience it is wanted for."""
    return wanted.task_id if wanted.audience is None else f"{wanted.task_id}|{wanted.audience.digest}"


def task_id_of(member: str) -> str | None:
    """None for what no instance of this version can have written."""
    found = _MEMBER.fullmatch(member)
    return found["task_id"] if found else None


class SharedAnswers:
    """The answers of one product, between its loader and the shared server."""

    def __init__(self, loader: TaskLoader, records: Records) -> None:
        """`records` of the loader's product."""
        self._loader = loader
        self._cache = loader.cache
        self._records = records

    def read(self, member: str, answer: Answer | None) -> Known | None:
        """A stored answer; None for what is none."""
        task_id = task_id_of(member)
        return self._records.read(task_id, answer) if task_id else None

    def observe(
        self, member: str, rows: Rows, asked: Moment, stored: Mapping[str, Answer], wanted: WantedId | None
    ) -> Known:
        """What the vendor's answer to a call at `asked` tells, with the history that is stored or known here.

        `wanted` is None for a member that only other instances wait for.
        """
        task_id = task_id_of(member) or member
        before = self.read(member, stored.get(member))
        if before is not None:
            since = before.asked_since
        elif wanted is not None:
            since = self._cache.first_asked(self._key(task_id), Principal(audience=wanted.audience))
        else:
            since = asked
        if not rows:
            nothing = make_snapshot(
                self._key(task_id), (), checked=asked, unchanged_since=asked, first_asked=since, primed=False
            )
            return Known(nothing, since)
        shared = self.read(task_id, stored.get(task_id))
        if shared is not None:
            self.learn(shared)
        return Known(self._loader.observe(task_id, rows, asked), since)

    def to_store(self, members: Mapping[str, Known]) -> dict[str, Keep]:
        """What to keep of these; found tasks also for those who may see everything."""
        kept: dict[str, Keep] = {}
        for member, known in members.items():
            answer = self._records.write(known)
            if len(answer.content) > MAX_BYTES:
                continue
            snapshot = known.snapshot
            seconds = self._cache.lifetime(snapshot) if snapshot.done else KEEP_SECONDS
            kept[member] = Keep(answer, seconds)
            task_id = snapshot.key.task_id
            if snapshot.found and task_id not in members:
                kept[task_id] = Keep(self._records.write(Known(snapshot, snapshot.first_asked)), seconds)
        return kept

    def result(self, wanted: WantedId, known: Known | UpstreamFault) -> LookupResult:
        """What that is for those who wait for it here; the cache knows it from now on."""
        principal = Principal(audience=wanted.audience)
        if isinstance(known, UpstreamFault):
            return self._loader.result_of_fault(wanted.task_id, known, principal)
        self._cache.set_first_asked(known.snapshot.key, known.asked_since, principal)
        if known.snapshot.found:
            self.learn(known)
            newest = self._cache.last(known.snapshot.key, principal)
            if newest is not None and newest.found:
                return LookupResult(newest)
        return LookupResult(self._loader.observe(wanted.task_id, (), known.snapshot.checked, principal))

    def learn(self, known: Known) -> None:
        """Cache what another instance was told of a task that was found, unless this one knows it better."""
        snapshot = known.snapshot
        if not snapshot.found:
            return
        here = self._cache.last(snapshot.key)
        if here is None or not here.found or here.checked.wall < snapshot.checked.wall:
            self._cache.set_first_asked(snapshot.key, snapshot.first_asked)
            self._cache.put(snapshot)

    def _key(self, task_id: str) -> TaskKey:
        return TaskKey(self._loader.product, task_id)
