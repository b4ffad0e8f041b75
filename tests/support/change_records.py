"""A closed change, as the store holds it."""

from __future__ import annotations

from datetime import UTC, datetime

from functions.events.change import Action, ActionKind, ChangeRecord

FAILED_CHANGE = ChangeRecord(
    bucket="pics",
    key="a.jpg",
    event="ObjectCreated:PutObject",
    change_id="2026-11-22T03:30:00.000Z-0123456789abcdef",
    changed_at=datetime(2026, 11, 22, 3, 30, tzinfo=UTC),
    etag="E",
    claimed_at=datetime(2026, 11, 22, 3, 30, 1, tzinfo=UTC),
    claimed_by="me",
    actions=(
        Action(product="cdn", kind=ActionKind.REFRESH, object_path="http://h/a.jpg", task_ids=("1",), status="failed"),
    ),
    outcome="failed",
    closed_at=datetime(2026, 11, 22, 3, 36, tzinfo=UTC),
)
