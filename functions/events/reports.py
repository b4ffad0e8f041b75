"""What the events function answers and logs. These types are the contract of `/invoke` (docs/contract.md 9.2)."""

from __future__ import annotations

import logging

import msgspec
from msgspec.structs import asdict

from functions.events.parsing.events import Failed, ObjectChange, Skipped
from functions.events.reconcile.sweep import SweepReport
from functions.logs import log_event
from functions.tasks.report import TaskReport


class ObjectReport(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks of one object on one product; an object shown by two products has two of these."""

    bucket: str
    key: str
    event: str
    urls: tuple[str, ...]
    report: TaskReport


class EventReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to an event: every record stands in one of the three, and an object there once per product.

    `sweep` is the answer to the timer and to CDN's events, absent from the answer to OSS events.
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
    """What became of one change on one product; `retry`: the same event may fare better later.

    `malformed`: the record is at fault, and will be however often it is delivered.
    """

    entry: ObjectReport | Skipped | Failed
    retry: bool = False
    malformed: bool = False


def reported(change: ObjectChange, product: str, urls: tuple[str, ...], report: TaskReport) -> ChangeResult:
    """The object's tasks are known."""
    log_event(
        "object-followed",
        bucket=change.bucket,
        key=change.key,
        event=change.event,
        product=product,
        summary=report.summary,
        problems=report.problems,
    )
    return ChangeResult(
        ObjectReport(bucket=change.bucket, key=change.key, event=change.event, urls=urls, report=report)
    )


def skipped(change: ObjectChange, reason: str) -> ChangeResult:
    """The change asks for nothing."""
    return ChangeResult(Skipped(bucket=change.bucket, key=change.key, event=change.event, reason=reason))


def failed(
    change: ObjectChange, reason: str, *, retry: bool, malformed: bool = False, fault: Exception | None = None
) -> ChangeResult:
    """The change could not be processed; `fault` is one that nobody foresaw."""
    entry = Failed(bucket=change.bucket, key=change.key, event=change.event, reason=reason)
    level = logging.ERROR if fault else logging.WARNING
    log_event("object-failed", level=level, exception=fault, **asdict(entry), retry=retry)
    return ChangeResult(entry, retry, malformed)
