"""What the HTTP API needs from elsewhere, beside `Tasks`."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from functions.checks.report import CheckReport
from functions.tasks.lookup.watch import Viewer
from functions.tasks.query import LookupQuery, Scope
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
    """Handles events of triggers."""

    async def handle(self, event: bytes) -> EventAnswer:
        """Handle one event, as Function Compute delivered it."""


class CredentialSink(Protocol):
    """Takes newer credentials."""

    def offer(self, access_key_id: str, access_key_secret: str, security_token: str | None) -> None:
        """Use this triple from now on."""


class Objects(Protocol):
    """Knows which tasks belong to objects that changed."""

    async def find(self, name: str, query: LookupQuery) -> LookupQuery | LookupAnswer | None:
        """The tasks of the last change of `name` (`oss://bucket/key`), for a caller with the scope of `query`.

        An answer, or the lookup that gives it; None for an object that is unknown or outside of the scope.
        Raises StoreFault, NothingAnswered.
        """


class Checker(Protocol):
    """Tells whether the edge serves what the origin has."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that may be checked."""

    async def check(self, url: str, scope: Scope) -> CheckReport:
        """Check `url`, which is of one of the hosts. Raises BudgetExceeded."""


@runtime_checkable
class Resident(Protocol):
    """A service that holds threads and connections as long as the instance lives."""

    async def close(self) -> None:
        """Release them."""


@runtime_checkable
class Watchable(Protocol):
    """A service whose lookups can be watched."""

    def watch(self, query: LookupQuery) -> AbstractAsyncContextManager[Viewer]:
        """The watch of this lookup, while the context is open."""

    def end_waits(self) -> None:
        """End the waits there are; each answers with its newest report."""

    def close_waits(self) -> None:
        """The same, and let nobody wait from now on."""


@runtime_checkable
class HasFigures(Protocol):
    """A service that counts what it does."""

    def figures(self) -> object:
        """The counts, as anything msgspec can encode; no ids, no names, no secrets."""
