"""`accounts.toml`: accounts besides the function's own, and the RAM role of each that this function assumes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from functions.errors import SettingsError
from functions.model import in_account
from functions.products.registry import PRODUCTS, SPECS
from functions.upstream.endpoint import Endpoint, parse_endpoint

OWN = "own"
"""How questions and tokens name the function's own account."""
EXAMPLE = 'account = [{ name = "acme", role = "acs:ram::1234567890123456:role/task-status" }]'
"""The smallest useful file, in one line."""
NAME_PATTERN = "[a-z][a-z0-9-]{0,31}"
_ROLE = re.compile(r"acs:ram::[0-9]{5,20}:role/[A-Za-z0-9._-]{1,64}")
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9=,.@:/_-]{2,1224}")
"""https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole"""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account; `endpoints` are those that differ from the function's own, by product."""

    name: str
    role: str
    products: tuple[str, ...]
    endpoints: Mapping[str, Endpoint] = MappingProxyType({})
    external_id: str | None = None

    @property
    def product_names(self) -> tuple[str, ...]:
        """Its products as ids and questions name them: `acme/cdn`."""
        return tuple(in_account(self.name, product) for product in self.products)


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[account]]`."""

    name: str
    role: str
    products: tuple[str, ...] = ()
    endpoints: dict[str, str] = {}
    external_id: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError naming the key and its fault; msgspec passes it on as its own ValidationError."""
        if not re.fullmatch(NAME_PATTERN, self.name) or self.name == OWN:
            raise ValueError(f"name: {self.name!r} must be a-z, 0-9 and -, at most 32, and not {OWN!r}")
        if not _ROLE.fullmatch(self.role):
            raise ValueError(f"role: {self.role!r} must be like acs:ram::1234567890123456:role/task-status")
        if self.external_id is not None and not _EXTERNAL_ID.fullmatch(self.external_id):
            raise ValueError("external_id: it must be 2 to 1224 letters, digits and =,.@:/_-")
        for product in (*self.products, *self.endpoints):
            if product not in PRODUCTS or not SPECS[product].installed:
                raise ValueError(f"{product!r} is no product that is installed here")


class _File(msgspec.Struct, forbid_unknown_fields=True):
    account: tuple[dict[str, Any], ...] = ()


def read_accounts(path: Path, products: tuple[str, ...]) -> tuple[Account, ...]:
    """The accounts in a file, in its order; one that names no products has `products`.

    Raises SettingsError: the file, the number of the account, the fault, an example, in one line.
    """
    try:
        tables = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File).account
    except OSError as fault:
        raise _refusal(path, fault.strerror or "it cannot be read") from None
    except (ValueError, RecursionError) as fault:  # no UTF-8, no TOML (the text names the line), another key
        raise _refusal(path, str(fault)) from None
    accounts = tuple(_account(path, number, table, products) for number, table in enumerate(tables, 1))
    if len({each.name for each in accounts}) < len(accounts):
        raise _refusal(path, "two accounts have the same name")
    return accounts


def _account(path: Path, number: int, table: dict[str, Any], products: tuple[str, ...]) -> Account:
    try:
        read = msgspec.convert(table, _Table)
        endpoints = {product: parse_endpoint(text) for product, text in read.endpoints.items()}
    except ValueError as fault:
        raise _refusal(path, f"account {number}: {fault}") from None
    return Account(
        name=read.name,
        role=read.role,
        products=tuple(product for product in PRODUCTS if product in (read.products or products)),
        endpoints=endpoints,
        external_id=read.external_id,
    )


def _refusal(path: Path, fault: str) -> SettingsError:
    return SettingsError(f"TASK_STATUS_ACCOUNTS={path}: {fault}. Example of a file: {EXAMPLE}")
