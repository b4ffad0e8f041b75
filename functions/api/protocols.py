"""What the HTTP door needs from elsewhere, beside `Tasks`: each port is as small as its use."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from functions.tasks.lookup.watch import Viewer
from functions.tasks.query import LookupQuery
from functions.tasks.results import LookupAnswer


class EventAnswer(Protocol):
    """What became of an event: `body` is JSON; `failed` asks Function Compute to deliver it again."""

    @property
    def body(self) -> bytes:
        """The answer, JSON."""

    @property
    def failed(self) -> bool:
        """Whether the invocation counts as failed."""


class EventHandler(Protocol):
    """The event door."""

    async def handle(self, event: bytes) -> EventAnswer:
        """Take one event, as Function Compute delivered it."""


class CredentialSink(Protocol):
    """Where a newer credential triple is handed to."""

    def offer(self, access_key_id: str, access_key_secret: str, security_token: str | None) -> None:
        """Use this triple from now on."""


class Objects(Protocol):
    """What is known of objects that changed."""

    async def find(self, name: str, query: LookupQuery) -> LookupQuery | LookupAnswer | None:
        """The tasks of the last change of `name` (`oss://bucket/key`), asked for like `query`.

        An answer, or the question whose answer it is; None for an object that is unknown, or not the asker's to know.
        Raises StoreFault, NothingAnswered.
        """


@runtime_checkable
class Resident(Protocol):
    """A service that lives as long as the instance and holds threads and connections."""

    async def close(self) -> None:
        """Let go of them."""


@runtime_checkable
class Watchable(Protocol):
    """A service whose questions can be watched."""

    def watch(self, query: LookupQuery) -> AbstractAsyncContextManager[Viewer]:
        """The question's watch, while the context is open."""

    def let_go(self) -> None:
        """End all waiting, with what there is."""


@runtime_checkable
class HasFigures(Protocol):
    """A service that counts what it does."""

    def figures(self) -> object:
        """The counts, as anything msgspec can encode; no ids, no names, no secrets."""
