"""Handles events: maps changed objects to their URLs, and reports the tasks of these URLs per product."""

from __future__ import annotations

import logging

import msgspec
from msgspec.structs import asdict

from functions.errors import StoreFault
from functions.events.completed_tasks import CompletedTasks
from functions.events.parsing.envelope import read_envelope
from functions.events.parsing.events import Envelope, Failed, MalformedEvent, Skipped, TaskCompletion
from functions.events.reconcile.sweep import SweepReport
from functions.events.reports import EventAnswer, EventProblem, EventReport, ObjectReport
from functions.events.with_store import StoreBackedChanges
from functions.events.without_store import StatelessChanges
from functions.logs import log_event


class OssEventHandler:
    """Handles events, as Function Compute delivers them."""

    def __init__(self, changes: StatelessChanges | StoreBackedChanges, completed: CompletedTasks | None = None) -> None:
        """`changes` processes what the events say, with a store or without; `completed` tells other instances."""
        self._changes = changes
        self._completed = completed

    async def handle(self, event: bytes) -> EventAnswer:
        """The tasks of every object in the event; whatever the bytes are, nothing is raised."""
        try:
            envelope = read_envelope(event)
        except MalformedEvent as fault:
            log_event("event-malformed", level=logging.ERROR, detail=str(fault))
            return EventAnswer(msgspec.json.encode(EventProblem(detail=str(fault))), failed=True)
        return await self._answer(envelope)

    async def _answer(self, envelope: Envelope) -> EventAnswer:
        results = await self._changes.process(envelope.changes)
        if self._completed is not None and envelope.completions:
            await self._completed.look_up(envelope.completions)
        swept = await self._sweep(envelope.completions) if envelope.sweep or envelope.completions else None
        entries = [each.entry for each in results] + ([swept] if isinstance(swept, Skipped | Failed) else [])
        report = EventReport(
            objects=tuple(entry for entry in entries if isinstance(entry, ObjectReport)),
            skipped=(*envelope.skipped, *(entry for entry in entries if isinstance(entry, Skipped))),
            failed=(*envelope.failed, *(entry for entry in entries if isinstance(entry, Failed))),
            sweep=swept if isinstance(swept, SweepReport) else None,
        )
        _log_set_aside(report.skipped, envelope.failed)
        # Malformed records are not retried; the event fails only if no record could be read.
        malformed = len(envelope.failed) + sum(each.malformed for each in results)
        nothing_read = malformed > 0 and malformed == len(report.failed) and not (report.objects or report.skipped)
        failed = nothing_read or any(each.retry for each in results)
        return EventAnswer(msgspec.json.encode(report), failed=failed)

    async def _sweep(self, completions: tuple[TaskCompletion, ...]) -> SweepReport | Skipped | Failed:
        """The timer's sweep, or one over the changes of tasks that are over, by what CDN says.

        Its failures fail no event: a retry would only run beside the next minute's sweep.
        """
        cause = "cdn" if completions else "timer"
        if not isinstance(self._changes, StoreBackedChanges):
            return Skipped(event=cause, reason="there is no store")
        try:
            swept = await self._changes.sweep(completions)
        except StoreFault as fault:
            log_event("sweep-failed", level=logging.ERROR, detail=str(fault))
            return Failed(event=cause, reason=f"store: {fault}")
        except Exception as fault:  # noqa: BLE001 -- whatever it was, the next minute may fare better
            log_event("sweep-failed", level=logging.ERROR, exception=fault)
            return Failed(event=cause, reason="internal error")
        return swept or Skipped(event=cause, reason="another sweep is going on")


def _log_set_aside(skipped: tuple[Skipped, ...], failed: tuple[Failed, ...]) -> None:
    for skip in skipped:
        log_event("record-skipped", **asdict(skip))
    for fail in failed:
        log_event("record-failed", level=logging.WARNING, **asdict(fail))
