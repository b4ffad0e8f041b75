"""Changes with a store: each is accepted by one delivery, and followed to its end by the sweep."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import chain

from functions.errors import StoreFault
from functions.events.action_report import report_submitted
from functions.events.change import ActionKind, by_product, urls_of
from functions.events.parsing.events import MalformedEvent, ObjectChange, TaskCompletion
from functions.events.reconcile.history_fill import HistoryFill
from functions.events.reconcile.sweep import Sweep, SweepReport
from functions.events.reports import ChangeResult, failed, reported, skipped
from functions.events.rules import Rules
from functions.events.submit.accept import AcceptedChange, ChangeAcceptor
from functions.store.protocol import Location


class StoreBackedChanges:
    """Processes changes and the timer."""

    def __init__(  # noqa: PLR0913 -- collaborators, each by name
        self,
        rules: Rules,
        location: Location,
        acceptor: ChangeAcceptor,
        sweep: Sweep,
        fill: HistoryFill | None = None,
        *,
        submit: bool,
    ) -> None:
        """Without `submit` rules only follow; without `fill` the history has what somebody asked for."""
        self._rules = rules
        self._location = location
        self._acceptor = acceptor
        self._sweep = sweep
        self._fill = fill
        self._submit = submit

    async def process(self, changes: Sequence[ObjectChange]) -> list[ChangeResult]:
        """What became of each change on each product; nothing is raised."""
        return list(chain.from_iterable(await asyncio.gather(*(self._process(change) for change in changes))))

    async def sweep(self, completions: tuple[TaskCompletion, ...] = ()) -> SweepReport | None:
        """Reconcile everything open, or only what waits for these tasks; None when a sweep is going on.

        The timer's fills the history, too. Raises StoreFault.
        """
        report = await self._sweep.run(completions)
        if self._fill is not None and report is not None and not (completions or report.left):
            await self._fill.run()
        return report

    async def _process(self, change: ObjectChange) -> list[ChangeResult]:
        if self._location.holds(change.bucket, change.key):
            # Every write of ours would cause another one, for ever.
            return [skipped(change, "the store's own")]
        try:
            return await self._accept(change)
        except MalformedEvent as fault:
            return [failed(change, str(fault), retry=False, malformed=True)]
        except StoreFault as fault:
            return [failed(change, f"store: {fault}", retry=True)]
        except Exception as fault:  # noqa: BLE001 -- one object's trouble, of any kind, must not hide the others
            return [failed(change, "internal error", retry=True, fault=fault)]

    async def _accept(self, change: ObjectChange) -> list[ChangeResult]:
        actions = self._rules.actions(change, submit=self._submit)
        if not actions:
            return [skipped(change, "no rule")]
        accepted = await self._acceptor.accept(change, actions)
        if accepted is None:
            return [skipped(change, "accepted by another delivery")]
        return list(_reports(change, accepted))


def _reports(change: ObjectChange, accepted: AcceptedChange) -> Iterator[ChangeResult]:
    for product, actions in by_product(accepted.record.actions).items():
        follows = all(action.kind is ActionKind.FOLLOW for action in actions)
        followed = accepted.followed.get(product) if follows else None
        yield reported(change, product, urls_of(actions), followed or report_submitted(actions))
