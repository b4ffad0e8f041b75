"""What any instance wants to know of one product, what is under way, and what was answered, on the shared server.

A member is a key as text. Whoever gets a permit takes the members that have waited longest, whosever they are, and
stores what the vendor answered for all to read. Everything is leased: what a killed instance wanted or had under way
is free for others a moment later.
"""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from functions.upstream.fair_queue import Lane
from functions.upstream.rate_limiter import Permit
from functions.upstream.shared.limiter import SharedLimiter, read_turn
from functions.upstream.shared.scripts import script
from functions.upstream.shared.server import SharedServer

LEASE_SECONDS = 1.5
RENEWAL_SECONDS = 0.5
_SIZES_VALID_SECONDS = 1.0
MOST_AT_ONCE = 200
"""Members in one script: the server does nothing else meanwhile."""
_VERSION = b"\x01"
_HEADER = struct.Struct(">d")
_NAMES = (
    "wanted-known",
    "callers-known",
    "wanted-new",
    "callers-new",
    "caller-of",
    "leases",
    "turns",
    "busy",
    "flights",
)
_WANT = script("want", "limiter", "queue")
_WANT_AND_TAKE = script("want_and_take", "limiter", "queue")
_TAKE = script("take", "limiter", "queue")
_STORE = script("store", "limiter", "queue")
_RENEW = script("renew", "limiter")


class Answer(msgspec.Struct, frozen=True):
    """A stored answer: when the vendor was asked, on the server's clock, and what is known since."""

    at: float
    content: bytes

    def to_bytes(self) -> bytes:
        """As it is stored; scripts read the time in it."""
        return _VERSION + _HEADER.pack(self.at) + self.content

    @classmethod
    def from_bytes(cls, stored: bytes | None) -> Answer | None:
        """None for what is no answer of this version."""
        if stored is None or len(stored) < 1 + _HEADER.size or stored[:1] != _VERSION:
            return None
        return cls(_HEADER.unpack_from(stored, 1)[0], stored[1 + _HEADER.size :])


class Want(msgspec.Struct, frozen=True):
    """A member that `caller` waits for; `seen` is the time of the newest answer that is known here, else 0."""

    member: str
    lane: Lane
    seen: float
    caller: str


class Sizes(msgspec.Struct, frozen=True):
    """How many members wait in each lane, of how many callers; and how many are under way."""

    known: int = 0
    known_callers: int = 0
    new: int = 0
    new_callers: int = 0
    in_flight: int = 0

    @property
    def waiting(self) -> int:
        """Members in both lanes."""
        return self.known + self.new

    def ahead_of(self, own: int, lane: Lane) -> int:
        """How many are served up to and including the last of `own` members that one caller has in a lane."""
        here, callers, there = self.known, self.known_callers, self.new
        if lane is Lane.NEW:
            here, callers, there = self.new, self.new_callers, self.known
        in_lane = own + min(here, max(callers, 1) * own)
        return in_lane + min(there, in_lane)


class Keep(msgspec.Struct, frozen=True):
    """An answer to be stored for so many seconds."""

    answer: Answer
    seconds: float


class Taken(msgspec.Struct, frozen=True):
    """Members that are to travel with a permit; without one, how long to wait: None where nothing waits any more."""

    members: tuple[str, ...] = ()
    permit: Permit | None = None
    wait: float | None = None


Replies = dict[str, Answer | bool]
"""By member: a newer answer, or whether it is under way."""


class SharedQueue:
    """One instance's view of one product's queue. All methods raise ServerAway."""

    def __init__(self, server: SharedServer, limiter: SharedLimiter, product: str) -> None:
        """`limiter` paces the calls that answer."""
        self.server = server
        self.limiter = limiter
        self._sizes, self._sized_at = Sizes(), -math.inf
        self.channel = server.key(product, "answers")
        self._product = product
        self._keys = [server.key(product, "queue", name) for name in _NAMES]

    @property
    def sizes(self) -> Sizes:
        """As the server's last answer told; nothing where that is long ago."""
        age = asyncio.get_running_loop().time() - self._sized_at
        return self._sizes if age < _SIZES_VALID_SECONDS else Sizes()

    async def want(self, wants: Sequence[Want]) -> Replies:
        """For each member a newer answer, or whether it is under way; otherwise it waits from now on."""
        found: Replies = {}
        for start in range(0, len(wants), MOST_AT_ONCE):
            part = wants[start : start + MOST_AT_ONCE]
            keys = [*self._keys, *self._answer_keys(part)]
            sizes, replies = await self.server.run(_WANT, keys, [LEASE_SECONDS, *_told(part)])
            self._note_sizes(sizes)
            found |= _found(part, replies)
        return found

    async def want_and_take(self, wants: Sequence[Want], waiter: str, most: int) -> tuple[Replies, Taken]:
        """Both at once, for at most MOST_AT_ONCE members; nothing is taken that had better wait for company."""
        keys = [*self.limiter.keys, *self._keys, *self._answer_keys(wants)]
        answer = await self.server.run(_WANT_AND_TAKE, keys, [*self._taking(waiter, most), *_told(wants)])
        sizes, replies, members, turn = answer
        self._note_sizes(sizes)
        return _found(wants, replies), self._taken(waiter, members, turn)

    async def take(self, waiter: str, most: int) -> Taken:
        """A permit and at most so many members, as soon as there are both; `waiter` keeps its turn until then."""
        keys = [*self.limiter.keys, *self._keys]
        sizes, members, turn = await self.server.run(_TAKE, keys, self._taking(waiter, most))
        self._note_sizes(sizes)
        return self._taken(waiter, members, turn)

    async def read(self, members: Sequence[str]) -> dict[str, Answer]:
        """What is stored of them."""
        values = await self.server.read([self._answer_key(member) for member in members])
        answers = {member: Answer.from_bytes(value) for member, value in zip(members, values, strict=True)}
        return {member: answer for member, answer in answers.items() if answer is not None}

    async def store(self, members: Sequence[str], answers: Mapping[str, Keep], message: bytes) -> None:
        """Keep these answers, let `members` be under way no longer, and send `message` to every instance."""
        keys = [self._keys[-1], *(self._answer_key(member) for member in answers)]
        values: list[Any] = [
            part for keep in answers.values() for part in (keep.answer.to_bytes(), max(int(keep.seconds * 1000), 1))
        ]
        await self.server.run(_STORE, keys, [self.channel, message, len(members), *members, *values])

    async def renew(self, members: Sequence[str]) -> None:
        """These are under way still."""
        await self.server.run(_RENEW, self._keys[-1:], [LEASE_SECONDS, *members])

    def _note_sizes(self, sizes: Sequence[int]) -> None:
        self._sizes, self._sized_at = Sizes(*sizes), asyncio.get_running_loop().time()

    def _taking(self, waiter: str, most: int) -> list[str | bytes | float]:
        return [*self.limiter.arguments(waiter), self.limiter.newcomers_share, most, LEASE_SECONDS]

    def _taken(self, waiter: str, members: Sequence[bytes], turn: Sequence[Any]) -> Taken:
        if not turn:
            return Taken()
        read = read_turn(turn)
        names = tuple(member.decode("utf-8", "replace") for member in members)
        return Taken(names, self.limiter.took(read, waiter), read.wait)

    def _answer_keys(self, wants: Sequence[Want]) -> list[str]:
        return [self._answer_key(want.member) for want in wants]

    def _answer_key(self, member: str) -> str:
        return self.server.key(self._product, "answer", member)


def _told(wants: Sequence[Want]) -> list[str]:
    return [word for want in wants for word in (want.member, want.lane.value, repr(want.seen), want.caller)]


def _found(wants: Sequence[Want], replies: Sequence[bytes | int]) -> Replies:
    """A reply that is no answer of this version says only that the member does not wait."""
    return {
        want.member: Answer.from_bytes(reply) or True if isinstance(reply, bytes) else bool(reply)
        for want, reply in zip(wants, replies, strict=True)
    }
