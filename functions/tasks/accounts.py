"""The products of all accounts: each is one more product, apart from the others in name, key, limits and caches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from functions.model import Clock, split_account
from functions.products.product import Fleet, Product, SharedState
from functions.products.registry import SPECS
from functions.products.spec import ProductSpec
from functions.settings import Settings
from functions.upstream.credentials import Credentials


def all_products(
    settings: Settings, own: Credentials, shared: SharedState, fleet: Fleet | None = None
) -> Mapping[str, Product]:
    """By name, the function's own first; `own` signs their calls, and may assume the roles of the other accounts."""
    signing: dict[str | None, Credentials] = {None: own, **_assumed_roles(settings, own, shared.clock)}
    return {
        spec.name: Product(spec, settings.config_of(spec), signing[account], shared, fleet)
        for account, spec in _specs(settings)
    }


def _specs(settings: Settings) -> Iterator[tuple[str | None, ProductSpec]]:
    for name in settings.product_names:
        account, product = split_account(name)
        yield account, SPECS[product] if account is None else SPECS[product].of_account(account)


def _assumed_roles(settings: Settings, own: Credentials, clock: Clock) -> Mapping[str | None, Credentials]:
    if not settings.accounts:
        return {}
    from functions.upstream.assumed_role import DEFAULT_ENDPOINT, assumed_role  # noqa: PLC0415 -- few functions need it

    endpoint = settings.endpoints.get("sts", DEFAULT_ENDPOINT)
    return {
        each.name: assumed_role(
            each.name, role=each.role, external_id=each.external_id, endpoint=endpoint, own=own, clock=clock
        )
        for each in settings.accounts
    }
