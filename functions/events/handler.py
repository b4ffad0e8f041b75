"""An OSS event answered: each changed object becomes its URLs, and each URL's tasks one report per product."""

from __future__ import annotations

import logging

import msgspec
from msgspec.structs import asdict

from functions.errors import StoreFault
from functions.events.parsing import Envelope, Failed, MalformedEvent, Skipped, read_envelope
from functions.events.reconcile.sweep import SweepReport
from functions.events.reports import EventAnswer, EventProblem, EventReport, ObjectReport, note, where
from functions.events.with_store import StoreBackedChanges
from functions.events.without_store import StatelessChanges


class OssEventHandler:
    """Takes events, as bytes."""

    def __init__(self, changes: StatelessChanges | StoreBackedChanges) -> None:
        """`changes` deals with what the events say, with a store or without."""
        self._changes = changes

    async def handle(self, event: bytes) -> EventAnswer:
        """The tasks of every object in the event; whatever the bytes are, nothing is raised."""
        try:
            envelope = read_envelope(event)
        except MalformedEvent as fault:
            note(logging.ERROR, "event-malformed", detail=str(fault))
            return EventAnswer(msgspec.json.encode(EventProblem(detail=str(fault))), failed=True)
        return await (self._sweep() if envelope.sweep else self._answer(envelope))

    async def _answer(self, envelope: Envelope) -> EventAnswer:
        dealt = await self._changes.deal(envelope.changes)
        report = EventReport(
            objects=tuple(each.entry for each in dealt if isinstance(each.entry, ObjectReport)),
            skipped=(*envelope.skipped, *(each.entry for each in dealt if isinstance(each.entry, Skipped))),
            failed=(*envelope.failed, *(each.entry for each in dealt if isinstance(each.entry, Failed))),
        )
        _note_set_aside(report.skipped, envelope.failed)
        # A bad record stays bad however often it is sent; but an event of nothing else is a malformed event.
        nothing_read = bool(envelope.failed) and not envelope.changes and not envelope.skipped
        return _encoded(report, failed=nothing_read or any(each.retry for each in dealt))

    async def _sweep(self) -> EventAnswer:
        """The minute's timer (FC facts 7)."""
        if not isinstance(self._changes, StoreBackedChanges):
            return _of_timer("nothing is under way")
        try:
            swept = await self._changes.sweep()
        except StoreFault as fault:
            note(logging.ERROR, "sweep-failed", detail=str(fault))
            failure = Failed(event="timer", reason=f"store: {fault}")
        except Exception as fault:  # noqa: BLE001 -- whatever it was, the next minute may fare better
            note(logging.ERROR, "sweep-failed", detail=where(fault))
            failure = Failed(event="timer", reason="internal error")
        else:
            return _swept(swept)
        # To have this one repeated would only make two of the next.
        return _encoded(EventReport(objects=(), skipped=(), failed=(failure,)), failed=False)


def _swept(swept: SweepReport | None) -> EventAnswer:
    if swept is None:
        return _of_timer("another sweep is going on")
    return _encoded(EventReport(objects=(), skipped=(), failed=(), sweep=swept), failed=False)


def _of_timer(reason: str) -> EventAnswer:
    return _encoded(EventReport(objects=(), skipped=(Skipped(event="timer", reason=reason),), failed=()), failed=False)


def _encoded(report: EventReport, *, failed: bool) -> EventAnswer:
    return EventAnswer(msgspec.json.encode(report), failed=failed)


def _note_set_aside(skipped: tuple[Skipped, ...], failed: tuple[Failed, ...]) -> None:
    for skip in skipped:
        note(logging.INFO, "record-skipped", **asdict(skip))
    for fail in failed:
        note(logging.WARNING, "record-failed", **asdict(fail))
