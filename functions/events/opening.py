"""Puts the event door together from the settings."""

from __future__ import annotations

from functions.errors import SettingsError
from functions.events.care import Care
from functions.events.door import EventDoor
from functions.events.following import Following
from functions.events.intake import Intake
from functions.events.journal import Journal
from functions.events.keeping import Keeping
from functions.events.oss_store import open_store
from functions.events.pace import Pace, pace_of
from functions.events.pursuit import Pursuit
from functions.events.reserve import Reserve
from functions.events.rules import Rules, read_rules
from functions.events.store import ObjectStore, location_of
from functions.events.submitting import Submitter
from functions.events.sweep import Sweep
from functions.events.webhook import webhook_of
from functions.model import Clock, SystemClock
from functions.settings import Settings
from functions.tasks.answers import Tasks
from functions.upstream.credentials import CredentialSource


def open_door(settings: Settings, tasks: Tasks, credentials: CredentialSource) -> EventDoor:
    """The door over the real store, or without one where none is named. Raises SettingsError."""
    rules = read_rules(settings.rules_path, settings.products)
    if settings.store is None:
        if settings.submit and rules.submits:
            raise SettingsError(
                "TASK_STATUS_STORE: it is needed where rules submit (TASK_STATUS_SUBMIT=on): without it an event"
                " that is delivered twice would be submitted twice. Example: TASK_STATUS_STORE=oss://bucket/prefix"
            )
        return EventDoor(Following(rules, tasks))
    store = open_store(settings, credentials)
    return EventDoor(keeping(settings, rules, tasks, store, pace_of(settings)))


def keeping(  # noqa: PLR0913 -- the ground it stands on, each by name
    settings: Settings,
    rules: Rules,
    tasks: Tasks,
    store: ObjectStore,
    pace: Pace,
    clock: Clock | None = None,
) -> Keeping:
    """What deals with changes, over any store. Raises SettingsError."""
    clock = clock or SystemClock()
    location = location_of(settings.store or "")
    journal = Journal(store, clock)
    submitter = Submitter(tasks, Reserve(tasks, settings.keep_quota, clock), pace)
    webhook = webhook_of(settings, location.address, clock)
    pursuit = Pursuit(journal, submitter, clock, pace)
    care = Care(journal=journal, pursuit=pursuit, tasks=tasks, webhook=webhook, clock=clock, pace=pace)
    return Keeping(
        rules,
        location,
        Intake(journal, submitter, tasks, clock, pace),
        Sweep(journal, care, tasks, clock, pace),
        submit=settings.submit,
    )
