"""Puts the event door together from the settings."""

from __future__ import annotations

from functions.errors import SettingsError
from functions.events.accept import ChangeAcceptor
from functions.events.handler import OssEventHandler
from functions.events.reconcile.one_change import ChangeReconciler
from functions.events.reconcile.resubmit import Resubmitter
from functions.events.reconcile.sweep import Sweep
from functions.events.rules import Rules, read_rules
from functions.events.store.changes import ChangeStore
from functions.events.store.oss import open_store
from functions.events.store.protocol import ObjectStore, location_of
from functions.events.submit.quota_reserve import QuotaReserve
from functions.events.submit.submitter import ActionSubmitter
from functions.events.timings import Timings, pace_of
from functions.events.webhook import webhook_of
from functions.events.with_store import StoreBackedChanges
from functions.events.without_store import StatelessChanges
from functions.model import Clock, SystemClock
from functions.settings import Settings
from functions.tasks.results import Tasks
from functions.upstream.credentials import CredentialSource


def open_door(settings: Settings, tasks: Tasks, credentials: CredentialSource) -> OssEventHandler:
    """The door over the real store, or without one where none is named. Raises SettingsError."""
    rules = read_rules(settings.rules_path, settings.products)
    if settings.store is None:
        if settings.submit and rules.submits:
            raise SettingsError(
                "TASK_STATUS_STORE: it is needed where rules submit (TASK_STATUS_SUBMIT=on): without it an event"
                " that is delivered twice would be submitted twice. Example: TASK_STATUS_STORE=oss://bucket/prefix"
            )
        return OssEventHandler(StatelessChanges(rules, tasks))
    store = open_store(settings, credentials)
    return OssEventHandler(keeping(settings, rules, tasks, store, pace_of(settings)))


def keeping(  # noqa: PLR0913 -- the ground it stands on, each by name
    settings: Settings,
    rules: Rules,
    tasks: Tasks,
    store: ObjectStore,
    pace: Timings,
    clock: Clock | None = None,
) -> StoreBackedChanges:
    """What deals with changes, over any store. Raises SettingsError."""
    clock = clock or SystemClock()
    location = location_of(settings.store or "")
    journal = ChangeStore(store, clock)
    submitter = ActionSubmitter(tasks, QuotaReserve(tasks, settings.keep_quota, clock), pace)
    webhook = webhook_of(settings, location.address, clock)
    pursuit = Resubmitter(journal, submitter, clock, pace)
    care = ChangeReconciler(journal=journal, pursuit=pursuit, tasks=tasks, webhook=webhook, clock=clock, pace=pace)
    return StoreBackedChanges(
        rules,
        location,
        ChangeAcceptor(journal, submitter, tasks, clock, pace),
        Sweep(journal, care, tasks, clock, pace),
        submit=settings.submit,
    )
