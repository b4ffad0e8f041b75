"""Builds the event handler from the settings."""

from __future__ import annotations

from functions.errors import SettingsError
from functions.events.completed_tasks import CompletedTasks
from functions.events.handler import OssEventHandler
from functions.events.notify.receivers import receivers_of
from functions.events.reconcile.history_fill import HistoryFill
from functions.events.reconcile.one_change import ChangeReconciler
from functions.events.reconcile.resubmit import Resubmitter
from functions.events.reconcile.sweep import Sweep
from functions.events.rules import Rules, read_rules
from functions.events.store.changes import ChangeStore
from functions.events.submit.accept import ChangeAcceptor
from functions.events.submit.submitter import ActionSubmitter
from functions.events.timings import Timings, timings_of
from functions.events.with_store import StoreBackedChanges
from functions.events.without_store import StatelessChanges
from functions.model import Clock, SystemClock
from functions.settings import Settings
from functions.store.oss import open_store
from functions.store.protocol import ObjectStore, location_of
from functions.tasks.quota_reserve import QuotaReserve
from functions.tasks.results import Tasks
from functions.upstream.credentials import CredentialSource


def open_handler(settings: Settings, tasks: Tasks, credentials: CredentialSource) -> OssEventHandler:
    """The handler over the real store, or without one where none is named. Raises SettingsError."""
    rules = read_rules(settings.rules_path, settings.product_names)
    completed = CompletedTasks(tasks, settings.product_names) if settings.shared else None
    if settings.store is None:
        if settings.submit and rules.submits:
            raise SettingsError(
                "TASK_STATUS_STORE: it is needed where rules submit (TASK_STATUS_SUBMIT=on): without it an event"
                " that is delivered twice would be submitted twice. Example: TASK_STATUS_STORE=oss://bucket/prefix"
            )
        return OssEventHandler(StatelessChanges(rules, tasks), completed)
    store = open_store(settings, credentials)
    fill = HistoryFill(store, tasks, settings.product_names, SystemClock())
    return OssEventHandler(store_backed(settings, rules, tasks, store, timings_of(settings), fill=fill), completed)


def store_backed(  # noqa: PLR0913 -- its dependencies, each by name
    settings: Settings,
    rules: Rules,
    tasks: Tasks,
    store: ObjectStore,
    timings: Timings,
    clock: Clock | None = None,
    fill: HistoryFill | None = None,
) -> StoreBackedChanges:
    """What processes changes, over any store. Raises SettingsError."""
    clock = clock or SystemClock()
    location = location_of(settings.store or "")
    changes = ChangeStore(store, clock)
    submitter = ActionSubmitter(tasks, QuotaReserve(tasks.quota, settings.keep_quota, clock), timings)
    reconciler = ChangeReconciler(
        changes=changes,
        resubmitter=Resubmitter(changes, submitter, clock, timings),
        tasks=tasks,
        receivers=receivers_of(settings, location.address, clock),
        clock=clock,
        timings=timings,
    )
    return StoreBackedChanges(
        rules,
        location,
        ChangeAcceptor(changes, submitter, tasks, clock, timings),
        Sweep(changes, reconciler, tasks, clock, timings),
        fill,
        submit=settings.submit,
    )
