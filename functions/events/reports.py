"""What the event door answers and notes in the log. These types are the contract of `/invoke`."""

from __future__ import annotations

import logging
import traceback

import msgspec
from msgspec.structs import asdict

from functions.events.parsing import Failed, ObjectChange, Skipped
from functions.events.reconcile.sweep import SweepReport
from functions.tasks.report import TaskReport

_log = logging.getLogger("functions.events")


class ObjectReport(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks of one object on one product; an object shown by two products has two of these."""

    bucket: str
    key: str
    event: str
    urls: tuple[str, ...]
    report: TaskReport


class EventReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to an event: every record stands in one of the three, and an object there once per product.

    `sweep` is what the minute's look came to, absent from the answer to any other event.
    """

    objects: tuple[ObjectReport, ...]
    skipped: tuple[Skipped, ...]
    failed: tuple[Failed, ...]
    sweep: SweepReport | None = None


class EventProblem(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to what is no OSS event, in the shape of problem+json."""

    type: str = "urn:cdn-task-status:malformed-event"
    title: str = "The event is not an OSS event"
    status: int = 400
    detail: str
    reason: str = "malformed-event"


class EventAnswer(msgspec.Struct, frozen=True):
    """`body` is JSON; `failed` asks Function Compute to count the invocation as failed, which makes it try again."""

    body: bytes
    failed: bool


class ChangeResult(msgspec.Struct, frozen=True):
    """What became of one change on one product; `retry`: the same event may fare better later."""

    entry: ObjectReport | Skipped | Failed
    retry: bool = False


def reported(change: ObjectChange, product: str, urls: tuple[str, ...], report: TaskReport) -> ChangeResult:
    """The object's tasks are known."""
    members = {"product": product, "summary": report.summary, "problems": report.problems}
    note(logging.INFO, "object-followed", bucket=change.bucket, key=change.key, event=change.event, **members)
    return ChangeResult(
        ObjectReport(bucket=change.bucket, key=change.key, event=change.event, urls=urls, report=report)
    )


def skipped(change: ObjectChange, reason: str) -> ChangeResult:
    """The change asks for nothing."""
    return ChangeResult(Skipped(bucket=change.bucket, key=change.key, event=change.event, reason=reason))


def failed(change: ObjectChange, reason: str, *, retry: bool, fault: Exception | None = None) -> ChangeResult:
    """The change could not be dealt with; `fault` is one that nobody foresaw."""
    entry = Failed(bucket=change.bucket, key=change.key, event=change.event, reason=reason)
    level = logging.ERROR if fault else logging.WARNING
    note(level, "object-failed", **asdict(entry), retry=retry, fault=fault and where(fault))
    return ChangeResult(entry, retry)


def note(level: int, what: str, **members: object) -> None:
    """One line for the log."""
    _log.log(level, "%s", msgspec.json.encode({"what": what, **members}).decode())


def where(fault: Exception) -> str:
    """The kind and place of a fault that nobody foresaw."""
    # The kind and the place only: an exception's own text may hold what the SDK was signing with (facts 7.6).
    frame = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(fault).__name__} in {frame.name} ({frame.filename}:{frame.lineno})"
