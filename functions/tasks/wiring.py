"""Builds the service as the settings say. What only some settings need is imported when they ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.model import Clock, SystemClock
from functions.products.lookup.cache import TaskCache
from functions.products.product import SharedState
from functions.settings import Settings
from functions.tasks.accounts import all_products
from functions.tasks.callers.budget import Budgets
from functions.tasks.history.history import History
from functions.tasks.service import TaskService
from functions.upstream.credentials import CredentialSource

if TYPE_CHECKING:
    from functions.products.shared.fleet import RedisFleet


def build_service(settings: Settings, credentials: CredentialSource, clock: Clock | None = None) -> TaskService:
    """The service over the real products. Nothing is connected before the first query. Raises SettingsError."""
    clock = clock or SystemClock()
    cache = TaskCache(clock, settings.fresh_seconds)
    shared = SharedState(cache=cache, clock=clock)
    fleet = _fleet(settings)
    products = all_products(settings, credentials, shared, fleet)
    budgets = _budgets(settings, clock, fleet)
    return TaskService(settings, products, cache, clock, budgets, fleet, _history(settings, credentials, clock))


def _budgets(settings: Settings, clock: Clock, fleet: RedisFleet | None) -> Budgets:
    if fleet is None:
        return Budgets(settings.callers, clock)
    from functions.tasks.callers.shared_budget import SharedBudgets  # noqa: PLC0415 -- as below

    return SharedBudgets(settings.callers, clock, fleet)


def _fleet(settings: Settings) -> RedisFleet | None:
    if settings.shared is None:
        return None
    from functions.products.shared.fleet import RedisFleet  # noqa: PLC0415 -- takes long to import, and few need it

    return RedisFleet(settings.shared, settings.account_id)


def _history(settings: Settings, credentials: CredentialSource, clock: Clock) -> History | None:
    if settings.store is None:
        return None
    from functions.store.oss import open_store  # noqa: PLC0415 -- most functions have no store

    return History(open_store(settings, credentials), clock)
